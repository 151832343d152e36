//! A handful of pages as they are sent, without what differs each time.

use crate::{
    Answer, Site,
    notes::{pad, write},
};

pub(crate) async fn all(site: &Site) {
    if !site.is_ours() {
        return;
    }
    let mut visitor = site.visitor();
    snapshot("sign_up", &visitor.get("/signup/").await);
    snapshot("sign_in_next", &visitor.get("/notes/").await);
    let wrong = [("email", "rosa@example.com"), ("password", "")];
    snapshot("sign_in_wrong", &visitor.submit("/signin/", &wrong).await);
    snapshot("forgot", &visitor.get("/forgot-password/").await);

    let mut me = site.member().await;
    snapshot("list_empty", &me.get("/notes/").await);
    let trip = pad(&mut me, "Amsterdam in December").await;
    write(&mut me, "Door code", "The code is 4711.\nKeys are <under> the pot.", &trip).await;
    let note = write(&mut me, "Ideas", "Norway by train", "").await;
    snapshot("list", &me.get("/notes/?order=name").await);
    snapshot("pad", &me.get(&format!("/pads/{trip}/")).await);
    snapshot("note", &me.get(&note).await);
    snapshot("edit", &me.get(&format!("{note}edit/")).await);
    snapshot(
        "edit_wrong",
        &me.submit(&format!("{note}edit/"), &[("name", ""), ("text", ""), ("pad", "17")]).await,
    );
    snapshot("delete", &me.get(&format!("{note}delete/")).await);
    snapshot("pad_settings", &me.get(&format!("/pads/{trip}/edit/")).await);
}

fn snapshot(name: &str, page: &Answer) {
    let text = format!("{} {}\n{}", page.status, page.path.split('?').next().unwrap(), tight(page.main()));
    insta::with_settings!({
        snapshot_path => "../snapshots/notejam",
        prepend_module_to_snapshot => false,
        filters => vec![
            (r#"name="csrf_token" value="[^"]*""#, r#"name="csrf_token" value="[token]""#),
            ("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "[id]"),
            (r"(Today|Yesterday) at \d\d:\d\d", "[when]"),
            (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "[at]"),
            (r"[0-9a-f]{32}@example\.com", "[email]"),
            (r"(?s)<svg.*?</svg>", "[icon]"),
        ]
    }, {
        insta::assert_snapshot!(name, text);
    });
}

/// Without blank lines and indentation, which say nothing.
fn tight(html: &str) -> String {
    html.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
