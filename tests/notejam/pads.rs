//! Pads: made, renamed, looked into and deleted.

use crate::{
    Site,
    notes::{pad, write},
};

pub(crate) async fn all(site: &Site) {
    create_and_edit(site).await;
    view(site).await;
    delete(site).await;
}

async fn create_and_edit(site: &Site) {
    let mut me = site.member().await;
    me.submit("/pads/create/", &[("name", " ")]).await.shows("This field is required");
    me.get("/notes/").await.shows("No pads");
    let mine = pad(&mut me, "Mine").await;
    let form = format!("/pads/{mine}/edit/");
    me.get(&form).await.shows("value=\"Mine\"").shows("Delete pad");
    let answer = me.submit(&form, &[("name", "Renamed")]).await;
    answer.at(&format!("/pads/{mine}/")).shows("Pad is successfully updated").shows("Renamed (0)");
    me.submit(&form, &[("name", "")]).await.shows("This field is required");
    let long = "é".repeat(101);
    me.submit(&form, &[("name", &*long)]).await.is(422).shows(&long).shows("100 characters");
    me.get(&form).await.shows("value=\"Renamed\"");

    let mut they = site.member().await;
    they.get(&form).await.is(404);
    let page = they.get("/pads/create/").await;
    they.fill(&page, &form, &[("name", "stolen")]).await.is(404);
    me.get(&form).await.shows("value=\"Renamed\"");
}

async fn view(site: &Site) {
    let mut me = site.member().await;
    let mine = pad(&mut me, "Mine").await;
    let path = format!("/pads/{mine}/");
    let empty = me.get(&path).await;
    empty.shows("Mine (0)").shows("Create first note in the pad.").shows("Pad settings");
    assert_eq!(empty.link("New note"), format!("/notes/create/?pad={mine}"));
    write(&mut me, "Inside", "text", &mine).await;
    write(&mut me, "Outside", "text", "").await;
    me.get(&path).await.shows("Mine (1)").shows("Inside").lacks("Outside").shows("Last modified");
    me.get(path.trim_end_matches('/')).await.is(200);
    let mut they = site.member().await;
    they.get(&path).await.is(404).lacks("Mine");
    they.get("/pads/17/").await.is(404);
}

async fn delete(site: &Site) {
    let mut me = site.member().await;
    let doomed = pad(&mut me, "Doomed").await;
    let gone = write(&mut me, "Gone", "text", &doomed).await;
    write(&mut me, "Stays", "text", "").await;
    let form = format!("/pads/{doomed}/delete/");
    let mut they = site.member().await;
    they.get(&form).await.is(404);
    let page = they.get("/pads/create/").await;
    they.fill(&page, &form, &[]).await.is(404);

    me.get(&form).await.shows("Are you sure you want to delete Doomed?").shows("Cancel");
    me.get(&gone).await.is(200);
    let answer = me.submit(&form, &[]).await;
    answer
        .at("/notes/")
        .shows("Pad is successfully deleted")
        .shows("All notes (1)")
        .shows("Stays")
        .lacks("Gone");
    me.get(&gone).await.is(404);
    me.get(&format!("/pads/{doomed}/")).await.is(404);
}
