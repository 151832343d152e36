//! Writing, reading, changing and deleting notes.

use crate::{Person, Site};

pub(crate) async fn all(site: &Site) {
    create(site).await;
    view_and_delete(site).await;
    edit(site).await;
    if site.is_ours() {
        conflict(site).await;
        forged(site).await;
    }
}

/// Makes a note and answers its address.
pub(crate) async fn write(person: &mut Person<'_>, name: &str, text: &str, pad: &str) -> String {
    let list = person.submit("/notes/create/", &[("name", name), ("text", text), ("pad", pad)]).await;
    list.shows("Note is successfully created");
    list.link(name)
}

/// Makes a pad and answers its id.
pub(crate) async fn pad(person: &mut Person<'_>, name: &str) -> String {
    let list = person.submit("/pads/create/", &[("name", name)]).await;
    list.at("/notes/").shows("Pad is successfully created");
    let found = list
        .html
        .split("href=\"/pads/")
        .skip(1)
        .find(|rest| rest.split("</a>").next().is_some_and(|link| link.contains(&format!(">{name}<"))));
    found.unwrap().split('/').next().unwrap().to_owned()
}

async fn create(site: &Site) {
    let mut me = site.member().await;
    me.get("/notes/").await.shows("All notes (0)").shows("Create your first note.").shows("No pads");
    let answer = me.submit("/notes/create/", &[("name", "First"), ("text", "text"), ("pad", "")]).await;
    answer.at("/notes/").shows("Note is successfully created").shows("All notes (1)").shows("No pad");

    let mine = pad(&mut me, "Mine").await;
    let fields = [("name", "Inside"), ("text", "text"), ("pad", &*mine)];
    me.submit("/notes/create/", &fields).await.at(&format!("/pads/{mine}/")).shows("Mine (1)");
    let form = me.get(&format!("/notes/create/?pad={mine}")).await;
    form.shows(&format!("<option value=\"{mine}\" selected>")).shows("---------");

    let empty = me.submit("/notes/create/", &[("name", ""), ("text", ""), ("pad", "")]).await;
    assert!(empty.count("This field is required") >= 2, "{}", empty.main());
    let long = "x".repeat(101);
    let answer = me.submit("/notes/create/", &[("name", &*long), ("text", "kept words"), ("pad", "")]).await;
    answer.is(422).shows("kept words").shows(&long).shows("100 characters");

    let mut they = site.member().await;
    let theirs = pad(&mut they, "Theirs").await;
    let answer = me.submit("/notes/create/", &[("name", "stray"), ("text", "text"), ("pad", &theirs)]).await;
    answer.is(422).shows("You have no such pad.");
    me.get("/notes/").await.shows("All notes (2)").lacks("stray");
    let owned = [("name", "owned"), ("text", "text"), ("user_id", "1"), ("owner", &*theirs)];
    me.submit("/notes/create/", &owned).await.shows("All notes (3)");
}

async fn view_and_delete(site: &Site) {
    let mut me = site.member().await;
    let mut they = site.member().await;
    let note = write(&mut me, "Mine", "first\r\nsecond <b>bold</b> & more", "").await;
    let shown = me.get(&note).await;
    shown.at(&note).shows("Last edited at ").shows(">Today at ").shows("Edit").shows("Delete it");
    assert!(
        shown.source.contains("first\nsecond &#60;b&#62;bold&#60;/b&#62; &#38; more"),
        "{}",
        shown.main()
    );
    me.get(note.trim_end_matches('/')).await.is(200);

    let missing = "/notes/01890000-0000-7000-8000-000000000000/";
    for path in [&*note, missing, "/notes/17/", "/notes/x/"] {
        for part in ["", "edit/", "delete/"] {
            they.get(&format!("{path}{part}")).await.is(404).lacks("Mine");
        }
    }
    let page = they.get("/notes/create/").await;
    they.fill(&page, &format!("{note}delete/"), &[]).await.is(404);
    me.get(&format!("{note}delete/")).await.shows("Are you sure you want to delete Mine?").shows("Cancel");
    me.get(&note).await.is(200);
    let answer = me.submit(&format!("{note}delete/"), &[]).await;
    answer.at("/notes/").shows("Note is successfully deleted").shows("All notes (0)");
    me.get(&note).await.is(404);

    let pad = pad(&mut me, "Pad").await;
    let inside = write(&mut me, "Inside", "text", &pad).await;
    let answer = me.submit(&format!("{inside}delete/"), &[]).await;
    answer.at(&format!("/pads/{pad}/")).shows("Note is successfully deleted").shows("Pad (0)");
}

async fn edit(site: &Site) {
    let mut me = site.member().await;
    let pad = pad(&mut me, "Pad").await;
    let note = write(&mut me, "Before", "old text", "").await;
    let form = format!("{note}edit/");
    me.get(&form).await.shows("old text").shows("value=\"Before\"");
    let answer = me.submit(&form, &[("name", "After"), ("text", "new text"), ("pad", &pad)]).await;
    answer.at(&format!("/pads/{pad}/")).shows("Note is successfully updated").shows("After");
    let answer = me.submit(&form, &[("name", "After"), ("text", "new text"), ("pad", "")]).await;
    answer.at("/notes/").shows("Note is successfully updated").shows("No pad");
    let empty = me.submit(&form, &[("name", ""), ("text", ""), ("pad", "")]).await;
    assert!(empty.count("This field is required") >= 2);

    let mut they = site.member().await;
    let theirs = self::pad(&mut they, "Theirs").await;
    me.submit(&form, &[("name", "After"), ("text", "x"), ("pad", &theirs)])
        .await
        .shows("You have no such pad.");
    let page = they.get("/notes/create/").await;
    they.fill(&page, &form, &[("name", "stolen"), ("text", "x")]).await.is(404);
    me.get(&note).await.shows("After").shows("new text");
}

/// Two windows: the second save shows both texts, and saving again is meant.
async fn conflict(site: &Site) {
    let mut me = site.member().await;
    let note = write(&mut me, "Doubled", "first", "").await;
    let form = format!("{note}edit/");
    let stale = me.get(&form).await;
    me.submit(&form, &[("name", "Doubled"), ("text", "second window"), ("pad", "")]).await.at("/notes/");
    let both = me.fill(&stale, &form, &[("name", "Doubled"), ("text", "first window"), ("pad", "")]).await;
    both.is(409).shows("second window").shows("first window").shows("Save");
    me.get(&note).await.shows("second window");
    me.fill(&both, &form, &[("name", "Doubled"), ("text", "first window"), ("pad", "")]).await.at("/notes/");
    me.get(&note).await.shows("first window");
    // Sent twice by an impatient finger: the same note, not two.
    let page = me.get("/notes/create/").await;
    for _ in 0..2 {
        me.fill(&page, "/notes/create/", &[("name", "once"), ("text", "text"), ("pad", "")])
            .await
            .at("/notes/");
    }
    me.get("/notes/").await.shows("All notes (2)");
    let other = [("name", "another"), ("text", "text"), ("pad", "")];
    me.fill(&page, "/notes/create/", &other).await.shows("All notes (3)");
}

/// Without the form's token nothing is done.
async fn forged(site: &Site) {
    let mut me = site.member().await;
    let note = write(&mut me, "Doubled", "text", "").await;
    let pad = pad(&mut me, "Pad").await;
    let fields = [("name", "forged"), ("text", "forged"), ("pad", "")];
    for path in [
        "/notes/create/".to_owned(),
        format!("{note}edit/"),
        format!("{note}delete/"),
        "/pads/create/".to_owned(),
        format!("/pads/{pad}/edit/"),
        format!("/pads/{pad}/delete/"),
    ] {
        me.forge(&path, &fields).await.is(403);
        me.forge(&path, &[("csrf_token", "made-up")]).await.is(403);
    }
    me.get("/notes/").await.shows("All notes (1)").lacks("forged").shows("Pad");
}
