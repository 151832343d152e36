//! The stand-in's WebSocket: says every short message back, until it is told to close (RFC 6455, one frame each).

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Payload},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::{StreamExt, stream};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// What the standard puts behind the client's key.
const BEHIND: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const CLOSE: u8 = 0x8;

pub(super) async fn talk(request: HttpRequest, payload: Payload) -> HttpResponse {
    let key = request.headers().get("sec-websocket-key").and_then(|key| key.to_str().ok());
    let Some(key) = key else { return HttpResponse::BadRequest().finish() };
    let accepted = STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{BEHIND}").as_bytes()));
    let said =
        stream::unfold((payload, Vec::new(), false), |(mut payload, mut unread, mut ended)| async move {
            loop {
                if ended {
                    return None;
                }
                if let Some((kind, text)) = taken(&mut unread) {
                    ended = kind == CLOSE;
                    return Some((Ok::<_, actix_web::Error>(frame(kind, &text)), (payload, unread, ended)));
                }
                unread.extend_from_slice(&payload.next().await?.ok()?);
            }
        });
    let mut answer = HttpResponse::SwitchingProtocols();
    answer.upgrade("websocket").insert_header(("sec-websocket-accept", accepted)).streaming(said)
}

/// The next whole message: its kind, and its text without the mask that clients put on it.
fn taken(unread: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let [first, second, ..] = unread[..] else { return None };
    let length = usize::from(second & 0x7f);
    assert!(second & 0x80 != 0 && length < 126, "short messages of clients only");
    if unread.len() < 6 + length {
        return None;
    }
    let whole: Vec<u8> = unread.drain(..6 + length).collect();
    let (mask, text) = whole[2..].split_at(4);
    let text = text.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    Some((first & 0x0f, text))
}

/// A message of a server.
pub(crate) fn frame(kind: u8, text: &[u8]) -> Bytes {
    let mut frame = vec![0x80 | kind, u8::try_from(text.len()).unwrap()];
    frame.extend_from_slice(text);
    frame.into()
}

/// A message of a client.
pub(crate) fn masked(kind: u8, text: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut frame = vec![0x80 | kind, 0x80 | u8::try_from(text.len()).unwrap()];
    frame.extend_from_slice(&mask);
    frame.extend(text.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
