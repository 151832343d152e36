//! The cockpit's screens behind the real edge, with what they lean on taken away: KILL while accounts hangs, by a
//! cookie that is good for nothing else; and the board while the switch's database is gone.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

#[path = "cockpit_screens/house.rs"]
mod house;

use std::time::{Duration, Instant};

use house::{House, Store};
use kernel::Role;
use switch::State;

const BOARD: &str = "/admin/switch";
const KILL: &str = "/admin/switch/notes/kill";

#[actix_web::test]
async fn kill_while_accounts_hangs() {
    for role in [Role::Migrator, Role::Admin] {
        let house = House::open(Store::There).await;
        let mut person = house.sign_in(role).await;
        assert!(person.cookies.contains_key("kill"), "{role}");
        person.get(&house, BOARD).await;
        house.hang_accounts();
        let began = Instant::now();
        let page = person.post(&house, KILL, &[]).await;
        assert_eq!(page.status, 200, "{role}: {}", page.text);
        assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
        for words in
            ["notes is killed and frozen: epoch 2", "database has it", "took it", "href=\"/admin/switch\""]
        {
            assert!(page.text.contains(words), "{words}: {}", page.text);
        }
        assert_eq!(house.state("notes"), State::Halted);
        assert_eq!(
            person.get_within(&house, BOARD, Duration::from_millis(200)).await,
            None,
            "the board needs accounts"
        );
    }
}

#[actix_web::test]
async fn kill_all_and_what_was_left() {
    let house = House::open(Store::There).await;
    let mut person = house.sign_in(Role::Migrator).await;
    person.get(&house, BOARD).await;
    house.hang_accounts();
    let page = person.post(&house, "/admin/switch/kill", &[("reason", "fire")]).await;
    assert!(page.text.contains("Everything that moves is killed"), "{}", page.text);
    assert_eq!((house.state("notes"), house.state("accounts")), (State::Halted, State::Bounded));
    assert!(person.post(&house, "/admin/switch/nowhere/kill", &[]).await.text.contains("404"));
}

#[actix_web::test]
async fn the_store_may_be_gone_too() {
    let house = House::open(Store::Gone).await;
    let mut person = house.sign_in(Role::Migrator).await;
    let began = Instant::now();
    let board = person.get(&house, BOARD).await;
    assert_eq!(board.status, 200);
    assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
    assert!(board.text.contains("database does not answer"), "{}", board.text);
    let module = person.get(&house, "/admin/switch/notes").await;
    assert!(module.text.contains("its changes cannot be shown"), "{}", module.text);
    house.hang_accounts();
    let page = person.post(&house, KILL, &[]).await;
    assert!(page.text.contains("did not take it yet"), "{}", page.text);
    assert_eq!(house.state("notes"), State::Halted);
}

/// Each is somebody who must not kill past the session layer; accounts answers, so they are asked who they are.
#[actix_web::test]
async fn a_pass_is_good_for_its_session_and_time_only() {
    let house = House::open(Store::There).await;

    let mut traveller = house.sign_in(Role::Traveller).await;
    let auditor = house.sign_in(Role::Auditor).await;
    assert!(!traveller.cookies.contains_key("kill") && !auditor.cookies.contains_key("kill"));
    traveller.get(&house, "/status").await;
    assert_eq!(traveller.post(&house, KILL, &[]).await.status, 403, "a traveller");

    let mut thief = house.sign_in(Role::Traveller).await;
    let owner = house.sign_in(Role::Migrator).await;
    thief.get(&house, "/status").await;
    thief.cookies.insert("kill".to_owned(), owner.cookies["kill"].clone());
    assert_eq!(thief.post(&house, KILL, &[]).await.status, 403, "somebody else's pass");

    let mut forger = house.sign_in(Role::Migrator).await;
    forger.get(&house, BOARD).await;
    let sid = forger.cookies["sid"].clone();
    forger.cookies.insert("kill".to_owned(), sid);
    house.hang_accounts();
    assert_eq!(
        forger.post_within(&house, KILL, Duration::from_millis(200)).await,
        None,
        "no pass: accounts is asked"
    );
    house.wake_accounts();

    let mut tokenless = house.sign_in(Role::Migrator).await;
    tokenless.get(&house, BOARD).await;
    tokenless.token = "wrong".to_owned();
    assert_eq!(tokenless.post(&house, KILL, &[]).await.status, 403, "no form token");

    let mut elsewhere = house.sign_in(Role::Migrator).await;
    elsewhere.get(&house, BOARD).await;
    house.hang_accounts();
    let other = "/admin/switch/notes/way-back";
    assert_eq!(
        elsewhere.post_within(&house, other, Duration::from_millis(200)).await,
        None,
        "not for other posts"
    );
    house.wake_accounts();
    assert_eq!(house.state("notes"), State::ReadRamp);
}

#[actix_web::test]
async fn a_pass_dies_with_its_session() {
    let house = House::open(Store::There).await;
    let mut person = house.sign_in(Role::Migrator).await;
    person.get(&house, BOARD).await;
    let kept = person.clone();
    let out = person.post(&house, "/signout/", &[]).await;
    assert_eq!(out.status, 303);
    assert!(!person.cookies.contains_key("kill"), "the cookie is taken away");
    // Whoever kept both cookies is asked for a session, which is over.
    assert_eq!(kept.clone().post(&house, KILL, &[]).await.status, 302, "to the sign-in page");

    let mut late = house.sign_in(Role::Migrator).await;
    late.get(&house, BOARD).await;
    house.later(13);
    house.hang_accounts();
    assert_eq!(
        late.post_within(&house, KILL, Duration::from_millis(200)).await,
        None,
        "thirteen hours later"
    );
    house.wake_accounts();
    assert_eq!(house.state("notes"), State::ReadRamp);
}

#[actix_web::test]
async fn a_pass_dies_with_the_role() {
    let house = House::open(Store::There).await;
    let mut person = house.sign_in(Role::Migrator).await;
    person.get(&house, BOARD).await;
    let mut admin = house.sign_in(Role::Admin).await;
    let account = format!("/admin/accounts/{}", person.id);
    admin.get(&house, &account).await;
    let change = [("role", "agent"), ("reason", "moved on"), ("idempotency_key", "k-1")];
    let done = admin.post(&house, &format!("{account}/role"), &change).await;
    assert_eq!(done.status, 303, "{}", done.text);
    house.hang_accounts();
    assert_eq!(person.post_within(&house, KILL, Duration::from_millis(200)).await, None, "accounts is asked");
    assert_eq!(house.state("notes"), State::ReadRamp);
}

#[actix_web::test]
async fn who_may_only_look_sees_the_binding() {
    let house = House::open(Store::There).await;
    let mut auditor = house.sign_in(Role::Auditor).await;
    let page = auditor.get(&house, "/admin/switch/notes").await;
    assert!(page.text.contains("Binding as TOML") && !page.text.contains("Put it in force"), "{}", page.text);
    let csv = auditor.get(&house, "/admin/switch/audit.csv").await;
    assert!(csv.text.starts_with("number,epoch,at,actor,"), "{}", csv.text);
    assert_eq!(auditor.get(&house, "/admin/switch/new").await.status, 403);
}

#[actix_web::test]
async fn without_a_pass_the_session_decides() {
    let house = House::open(Store::There).await;
    let mut person = house.sign_in(Role::Migrator).await;
    person.cookies.remove("kill");
    person.get(&house, BOARD).await;
    assert_eq!(person.post(&house, KILL, &[]).await.status, 200);
    assert_eq!(house.state("notes"), State::Halted);
}

#[actix_web::test]
async fn the_board_with_fifty_bindings() {
    let house = House::with_groups(48).await;
    let mut person = house.sign_in(Role::Ops).await;
    person.get(&house, BOARD).await;
    let began = Instant::now();
    let board = person.get(&house, BOARD).await;
    println!("the board with 50 bindings took {:?}, {} bytes", began.elapsed(), board.text.len());
    assert_eq!(board.text.matches("class=\"switch-row\"").count(), 50);
    assert!(!board.text.contains("KILL"), "ops may look only");
    // A debug build on a busy machine; the bar of 100 ms is for a release.
    assert!(began.elapsed() < Duration::from_secs(2));
}
