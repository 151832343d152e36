//! KILL: one press on the board. The page that answers needs nobody to be asked anything, so that it comes while
//! accounts is away.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use cockpit::Killed;
use jiff::{Timestamp, tz::TimeZone};

use super::{name_of, words};
use crate::edge::{KillPost, Shell, Stop};

#[derive(Template)]
#[template(path = "admin/switch_killed.html")]
struct KilledPage {
    shell: Shell,
    what: String,
    epoch: u64,
    took: String,
    stored: bool,
    moves: Vec<String>,
    replicas: Vec<ReplicaView>,
    left: Vec<String>,
}

pub(super) struct ReplicaView {
    pub(super) name: String,
    pub(super) epoch: u64,
    pub(super) seen: String,
    /// Whether it has the epoch of this process, or a later one.
    pub(super) up: bool,
}

impl ReplicaView {
    pub(super) fn of(replica: &cockpit::Replica, epoch: u64) -> Self {
        Self {
            name: replica.name.clone(),
            epoch: replica.epoch,
            seen: second(replica.seen_at),
            up: replica.epoch >= epoch,
        }
    }
}

fn second(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    format!("{:02}:{:02}:{:02} UTC", at.hour(), at.minute(), at.second())
}

pub(super) async fn one(request: HttpRequest, post: KillPost) -> Result<HttpResponse, Stop> {
    let name = name_of(&request);
    let killed = press(&post, Some(&name)).await?;
    show(&post, &name, &killed)
}

pub(super) async fn all(post: KillPost) -> Result<HttpResponse, Stop> {
    let killed = press(&post, None).await?;
    show(&post, "Everything that moves", &killed)
}

/// The reason is that somebody pressed it, unless they say more.
async fn press(post: &KillPost, name: Option<&str>) -> Result<Killed, Stop> {
    let reason = if post.reason.trim().is_empty() { "KILL pressed on the board" } else { post.reason.trim() };
    if name.is_some_and(|name| !post.portal.cockpit.table().bindings.contains_key(name)) {
        return Err(Stop::NotFound);
    }
    Ok(post.portal.cockpit.kill(&post.ctx, name, reason).await?)
}

fn show(post: &KillPost, what: &str, killed: &Killed) -> Result<HttpResponse, Stop> {
    post.page(&KilledPage {
        shell: post.shell(),
        what: what.to_owned(),
        epoch: killed.epoch,
        took: words::figures(killed.effective_ms),
        stored: killed.stored,
        moves: words::moves(&killed.moves),
        replicas: killed.replicas.iter().map(|replica| ReplicaView::of(replica, killed.epoch)).collect(),
        left: killed.left.clone(),
    })
}
