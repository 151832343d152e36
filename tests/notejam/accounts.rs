//! Sign up, sign in and out, anonymous visits, settings, and a forgotten password.

use crate::{Site, person::PASSWORD};

pub(crate) async fn all(site: &Site) {
    sign_up(site).await;
    sign_in_and_out(site).await;
    anonymous(site).await;
    settings(site).await;
    if site.is_ours() {
        ours(site).await;
        forgotten(site).await;
    }
}

async fn sign_up(site: &Site) {
    let mut person = site.visitor();
    person.sign_up().await.at("/signin/").shows("Account is created. Now you can sign in.");
    let taken = "User with this email is already signed up";
    person.sign_up().await.shows(taken);
    person.email = person.email.to_uppercase();
    person.sign_up().await.shows(taken);

    let mut other = site.visitor();
    let email = other.email.clone();
    let required = "This field is required";
    for (fields, words) in [
        ([("email", ""), ("password", PASSWORD), ("repeat_password", PASSWORD)], required),
        ([("email", &*email), ("password", ""), ("repeat_password", "")], required),
        ([("email", "nonsense"), ("password", PASSWORD), ("repeat_password", PASSWORD)], "Invalid email"),
        (
            [("email", &*email), ("password", PASSWORD), ("repeat_password", "other")],
            "Your passwords do not match",
        ),
    ] {
        let answer = other.submit("/signup/", &fields).await;
        answer.shows(words).shows("Repeat password");
        let typed = fields[0].1;
        assert!(typed.is_empty() || answer.html.contains(&format!("value=\"{typed}\"")), "typed values stay");
        answer.lacks(PASSWORD);
    }
    other.sign_in().await.shows("Wrong email or password");
}

async fn sign_in_and_out(site: &Site) {
    let mut person = site.visitor();
    person.sign_up().await;
    person.sign_in().await.at("/notes/").shows("You are signed in!");
    person.get("/notes/").await.lacks("You are signed in!");
    person.submit("/signout/", &[]).await.at("/signin/");
    person.get("/notes/").await.shows("Sign in");

    let unknown = site.visitor().email;
    let email = person.email.clone();
    let wrong = "Wrong email or password";
    let required = "This field is required";
    for (email, password, words) in [
        (&*email, "wrong", wrong),
        (&*unknown, PASSWORD, wrong),
        ("", PASSWORD, required),
        (&*email, "", required),
    ] {
        let answer = person.submit("/signin/", &[("email", email), ("password", password)]).await;
        answer.shows(words).shows("Sign up").shows("Forgot password?");
    }
    person.get("/notes/").await.shows("Sign in");
}

async fn anonymous(site: &Site) {
    let mut nobody = site.visitor();
    for (path, next) in [
        ("/notes/", "%2Fnotes%2F"),
        ("/notes/create/", "%2Fnotes%2Fcreate%2F"),
        ("/pads/create/", "%2Fpads%2Fcreate%2F"),
        ("/settings/", "%2Fsettings%2F"),
    ] {
        let answer = nobody.get(path).await;
        answer.at(&format!("/signin/?next={next}"));
    }
    // A form of a page that they may see does not open one that they may not.
    let page = nobody.get("/signin/").await;
    let answer = nobody.fill(&page, "/notes/create/", &[("name", "sneaked in"), ("text", "text")]).await;
    answer.shows("Sign in").lacks("sneaked in");

    let mut person = site.visitor();
    person.sign_up().await;
    let (email, password) = (person.email.clone(), person.password.clone());
    for (next, lands) in [
        ("/pads/create/", "/pads/create/"),
        ("//evil.example/", "/notes/"),
        ("/\\evil.example/", "/notes/"),
        ("https://evil.example/", "/notes/"),
        ("%2f%2fevil.example", "/notes/"),
    ] {
        let page = person.get(&format!("/signin/?next={next}")).await;
        let answer = person.fill(&page, "/signin/", &[("email", &email), ("password", &password)]).await;
        assert_eq!(answer.path, lands, "{next}");
        person.submit("/signout/", &[]).await;
    }
}

async fn settings(site: &Site) {
    let mut person = site.member().await;
    let change =
        |old, new, repeat| [("old_password", old), ("new_password", new), ("repeat_new_password", repeat)];
    let new = "a house of straw";
    for (fields, words) in [
        (change("", "", ""), "This field is required"),
        (change("wrong", new, new), "Incorrect old password"),
        (change(PASSWORD, new, PASSWORD), "Your passwords do not match"),
    ] {
        person.submit("/settings/", &fields).await.shows(words).lacks(new);
    }
    let fields = change(PASSWORD, new, new);
    person.submit("/settings/", &fields).await.shows("Your password is successfully changed.");
    person.submit("/signout/", &[]).await;
    person.sign_in().await.shows("Wrong email or password");
    person.password = new.to_owned();
    person.sign_in().await.shows("You are signed in!");
}

/// Where we do better: no GET signs out, no form works without its token, and the list of sessions is at hand.
async fn ours(site: &Site) {
    let mut person = site.member().await;
    person.get("/signout/").await.at("/signout/").shows("Sign out");
    person.forge("/signout/", &[]).await.is(403);
    person.get("/notes/").await.at("/notes/");

    let mut elsewhere = site.visitor();
    elsewhere.email.clone_from(&person.email);
    elsewhere.sign_in().await.at("/notes/");
    let page = person.get("/settings/").await;
    page.at("/settings/").shows("This one").shows("Sign out everywhere else");
    let answer = person.fill(&page, "/settings/sessions/", &[]).await;
    answer.at("/settings/").shows("One session was ended.").lacks("Sign out everywhere else");
    elsewhere.get("/notes/").await.shows("Sign in");
    let answer = person.get("/notes/").await;
    assert_eq!(answer.headers["cache-control"], "private, no-store");
}

async fn forgotten(site: &Site) {
    let mut person = site.visitor();
    person.sign_up().await;
    let unknown = site.visitor().email;
    let answers = [person.email.clone(), unknown.clone()].map(|email| [("email", email)]);
    let mut said = Vec::new();
    for fields in &answers {
        let answer = person.submit("/forgot-password/", &[("email", &fields[0].1)]).await;
        said.push((answer.status, answer.path.clone(), answer.count("is on its way")));
    }
    assert_eq!(said[0], said[1], "the answer does not tell who is known");
    assert_eq!(said[0].2, 1);

    let link = site.mailed_link(&person.email).await;
    assert_eq!(site.mails_to(&unknown), 0);
    let again = person.email.clone();
    person.sign_in().await.shows("You are signed in!");
    person.submit("/signout/", &[]).await;
    let new = "a house of straw";
    let fields = [("new_password", new), ("repeat_new_password", new)];
    let short = [("new_password", "short"), ("repeat_new_password", "short")];
    person.submit(&link, &short).await.is(422).shows("at least 12 characters");
    person.submit(&link, &fields).await.at("/signin/").shows("Your password is successfully changed.");
    person.submit(&link, &fields).await.is(410).shows("not valid any more");
    assert_eq!(person.email, again);
    person.sign_in().await.shows("Wrong email or password");
    person.password = new.to_owned();
    person.sign_in().await.shows("You are signed in!");
}
