//! The command line: what it tells people, what it prints for programs, and its exit codes.

use serde_json::json;

use crate::house::House;

const FIVE: &str = "module = \"notes\"\nranges = { here = 95000, \"remote:notes\" = 5000 }\n";
const TWENTY: &str = "module = \"notes\"\nranges = { here = 80000, \"remote:notes\" = 20000 }\n";

#[actix_web::test]
async fn a_plan_step_by_step() {
    let house = House::open().await;
    let plan =
        ["plan", "notes", "--to", "remote:notes", "--steps", "0.1,1,50", "--hold", "30m", "--reason", "p"];
    house
        .switch(None, &plan)
        .is(0)
        .says("step 1: 0.1 % at remote:notes: 0.1 % move from here to remote:notes")
        .says("step 2: 1 % at remote:notes: 0.9 % move")
        .says("step 3: 50 % at remote:notes: 49 % move")
        .says("nobody moves")
        .says("banyan switch advance notes");
    house
        .switch(None, &["advance", "notes", "--reason", "on"])
        .is(0)
        .says("0.1 % move from here to remote:notes");
    house.switch(None, &["advance", "notes", "--reason", "on"]).is(3).says("hold: this step has to stand");
    house
        .switch(None, &["status", "notes"])
        .is(0)
        .says("READ_RAMP")
        .says("remote:notes 0.1 %")
        .says("ahead       1 %, 50 %");
    // The same plan again leaves the share where it is.
    house.switch(None, &plan).is(0).says("step 1: 1 % at remote:notes: 0.9 % move").says("nobody moves");
    house.switch(None, &["hold", "notes"]).is(0).says("epoch");
    house.switch(None, &["back", "notes"]).is(0).says("0.1 % move from remote:notes to here");
    house.switch(None, &["kill", "all", "--reason", "a drill"]).is(0).says("in force after").says("replica ");
    house.switch(None, &["advance", "notes", "--reason", "on"]).is(3).says("halted");
    house.switch(None, &["back", "notes"]).is(0);
    let glide = ["plan", "notes", "--to", "remote:notes", "--over", "2h"];
    house.switch(None, &glide).is(0).says("grows to all of notes over 2h");
    house.switch(None, &["status", "notes"]).is(0).says("time ramp");
    house.switch(None, &["hold", "notes"]).is(0);
    let status = house.switch(None, &["status", "--json"]).is(0).json();
    assert_eq!(status["data"].as_array().unwrap().len(), 5);
    house.switch(None, &["audit"]).is(0).says("switch.advanced").says("switch.killed");
    house.switch(None, &["audit", "verify"]).is(0).says("whole");
    assert_eq!(house.switch(None, &["audit", "verify", "--json"]).is(0).json()["ok"], true);
}

#[actix_web::test]
async fn questions_and_overrides() {
    let house = House::open().await;
    let over = ["override", "--me", "--module", "notes", "--target", "remote:notes", "--ttl", "1h"];
    house.switch(None, &over).is(0).says("machine/command-line is shown notes at remote:notes until");
    let made = house.switch(None, &[&over[..], &["--json"]].concat()).is(0).json();
    let ask = ["explain", "--subject", "machine/command-line", "--op", "notes.list"];
    house.switch(None, &ask).is(0).says("remote:notes  (notes)").says("the override");
    house.switch(None, &["override", "--end", made["id"].as_str().unwrap()]).is(0).says("epoch");
    house.switch(None, &ask).is(0).says("here  (notes)");
    let route =
        ["explain", "--subject", "s-1", "--route", "GET /trips/ABC123", "--header", "X-Beta: 1", "--json"];
    let explained = house.switch(None, &route).is(0).json();
    assert_eq!((&explained["target"], &explained["binding"]), (&json!("here"), &json!(null)));
    house.switch(None, &["changes"]).is(0).says("no change waits");
}

#[actix_web::test]
async fn exit_codes() {
    let house = House::open().await;
    let (ada, ops) = (house.caller("migrator"), house.caller("ops"));
    let five = house.write("five.toml", FIVE);
    let two_people =
        house.write("two.toml", &format!("{TWENTY}approve = {{ from_state = \"READ_RAMP\", people = 2 }}\n"));
    let colour = house.write("colour.toml", &format!("{FIVE}colour = 1\n"));
    let nobody = house.write("nobody.toml", "module = \"notes\"\nranges = { \"remote:nobody\" = 100000 }\n");
    house
        .switch(None, &["apply", &five, "--dry-run"])
        .is(0)
        .says("5 % move from here to remote:notes")
        .says("nothing was changed");
    for (args, code, words) in [
        (vec!["apply", &five], 0, "5 % move from here to remote:notes"),
        (vec!["apply", &colour], 2, "colour"),
        (vec!["apply", &nobody], 2, "nobody"),
        (vec!["apply", "missing.toml"], 2, "missing.toml"),
        (vec!["apply", &five, "--expect-epoch", "0"], 5, "epoch"),
        (vec!["hold", "notes", "--expect-epoch", "0"], 5, "epoch"),
        (vec!["plan", "notes", "--to", "remote:notes", "--expect-epoch", "0"], 5, "epoch"),
        (vec!["plan", "notes", "--to", "there"], 2, "there"),
        (vec!["plan", "notes", "--to", "remote:notes", "--steps", "5,1"], 2, "grow"),
        (vec!["advance", "notes"], 3, "needs a reason"),
        (vec!["advance", "notes", "--reason", " "], 3, "reason"),
        (vec!["advance", "booking", "--reason", "on"], 3, "there is no hop"),
        (vec!["advance", "notes", "--to", "SHADOW", "--reason", "on"], 3, "SHADOW"),
        (vec!["advance", "notes", "--to", "up", "--reason", "on"], 2, "up"),
        (vec!["back", "nothing"], 2, "nothing here"),
        (vec!["back", "../modules"], 2, "no name"),
        (vec!["kill", "notes"], 2, "--reason"),
        (vec!["kill", "nothing", "--reason", "x"], 2, "nothing"),
        (vec!["explain", "--subject", "a"], 2, "--op"),
        (vec!["explain", "--subject", "a", "--route", "/trips"], 2, "request"),
        (vec!["explain", "--subject", "a", "--op", "notes.nothing"], 2, "add_pad"),
        (vec!["override", "--module", "notes", "--target", "here"], 2, "--me"),
        (vec!["override", "--me", "--module", "notes", "--target", "here", "--ttl", "25h"], 2, "24h"),
        (vec!["override", "--end", "o-1"], 2, "nothing here"),
        (vec!["approve", "none"], 2, "nothing here"),
        (vec!["diff", "notes", "--top", "20"], 3, "later work"),
        (vec!["apply", &two_people], 4, "banyan switch approve"),
    ] {
        house.switch(Some(&ada), &args).is(code).says(words);
    }
    house.switch(Some(&ops), &["back", "notes"]).is(3);
    house.switch(Some(&house.caller_with("nobody")), &["status"]).is(3);
    house.switch(None, &["status", "--server", "http://127.0.0.1:9"]).is(1);

    // Two people: the author is not the other one.
    let waits = house.switch(Some(&ada), &["apply", &two_people, "--json"]).is(4).json();
    let id = waits["change_id"].as_str().unwrap();
    house.switch(Some(&ada), &["changes"]).is(0).says(id);
    house.switch(Some(&ada), &["approve", id]).is(3);
    house.switch(Some(&ops), &["approve", id]).is(3);
    let bob = house.caller("migrator");
    house.switch(Some(&bob), &["approve", id]).is(0).says("epoch");
    let refused = house.switch(Some(&ada), &["advance", "notes", "--reason", " ", "--json"]).is(3).json();
    assert_eq!(
        (&refused["exit_code"], &refused["problem"]["guards"][0]["guard"]),
        (&json!(3), &json!("reason"))
    );
}

#[test]
fn a_simulation_needs_no_server() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).display().to_string()
    };
    let (from, to) = (write("a.toml", FIVE), write("b.toml", TWENTY));
    let lines =
        (0..500).flat_map(|n| [format!("s-{n}"), format!("{{\"subject\":\"s-{n}\",\"status\":200}}")]);
    let log = write(
        "log",
        &lines.chain(["{\"status\":200}".to_owned(), String::new()]).collect::<Vec<_>>().join("\n"),
    );
    let other = write("c.toml", "module = \"booking\"\nranges = { here = 100000 }\n");
    let run = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_banyan"))
            .args(["--data", "/nowhere/at/all", "switch", "simulate"])
            .args(args)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let moved =
        (0..500).filter(|n| (5_000..20_000).contains(&switch::bucket("notes", &format!("s-{n}")))).count();
    let (code, out, err) = run(&["--from", &from, "--to", &to, "--traffic", &log]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("15 % move from here to remote:notes (15000 buckets)"), "{out}");
    assert!(out.contains(&format!("of 500 subjects, {moved} move")), "{out}");
    assert!(err.contains("1 lines"), "{err}");
    let (_, out, _) = run(&["--from", &from, "--to", &to, "--traffic", &log, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&json["traffic"]["moved"], &json["moves"][0]["buckets"]), (&json!(moved), &json!(15_000)));
    assert_eq!(run(&["--from", &from, "--to", &other]).0, 2);
    assert_eq!(run(&["--from", &from, "--to", "missing.toml"]).0, 2);
}
