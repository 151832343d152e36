//! Lists: orders, pages, and what is said when there is nothing.

use crate::{
    Answer, Site,
    notes::{pad, write},
};

pub(crate) async fn all(site: &Site) {
    orders(site).await;
    if site.is_ours() {
        paging(site).await;
    }
}

/// Note names in the order of the page.
fn names(page: &Answer) -> Vec<String> {
    let rows = page.html.split("<th scope=\"row\">").skip(1);
    let name = |row: &str| row.split("</a>").next().unwrap().rsplit('>').next().unwrap().to_owned();
    rows.map(name).collect()
}

async fn orders(site: &Site) {
    let mut me = site.member().await;
    let mine = pad(&mut me, "Mine").await;
    for name in ["beta", "alpha", "gamma"] {
        write(&mut me, name, "text", &mine).await;
    }
    for base in ["/notes/".to_owned(), format!("/pads/{mine}/")] {
        for (order, expected) in [
            ("", ["gamma", "alpha", "beta"]),
            ("?order=-updated_at", ["gamma", "alpha", "beta"]),
            ("?order=updated_at", ["beta", "alpha", "gamma"]),
            ("?order=name", ["alpha", "beta", "gamma"]),
            ("?order=-name", ["gamma", "beta", "alpha"]),
            ("?order=id;drop%20table", ["gamma", "alpha", "beta"]),
        ] {
            let page = me.get(&format!("{base}{order}")).await;
            assert_eq!(names(&page), expected, "{base}{order}");
        }
        let page = me.get(&format!("{base}?order=name")).await;
        assert_eq!(page.link("Note"), format!("{base}?order=-name"), "another click turns it round");
        page.shows("aria-sort=\"ascending\"");
    }
}

async fn paging(site: &Site) {
    let mut me = site.member().await;
    for at in 0..7 {
        write(&mut me, &format!("note {at}"), "text", "").await;
    }
    let mut seen = Vec::new();
    let mut page = me.get("/notes/?limit=3").await;
    loop {
        page.shows("All notes (");
        seen.extend(names(&page));
        if !page.html.contains("Older notes") {
            break;
        }
        let next = page.link("Older notes");
        write(&mut me, "meanwhile", "text", "").await;
        page = me.get(&next).await;
    }
    assert_eq!(seen, ["note 6", "note 5", "note 4", "note 3", "note 2", "note 1", "note 0"]);
    me.get("/notes/?after=nonsense").await.is(422);
    me.get("/notes/?limit=9999").await.is(200).lacks("Older notes");
}
