//! The service listener's door: a call without a valid token of this installation learns nothing, not even whether
//! there is such an operation.

use std::sync::Arc;

use kernel::{Ctx, Fault, Outside, Remote, Served};
use notes_api::{Notes, NotesError, NotesOf};
use shims::{HttpTransport, ServiceKey};

use crate::{distance::Socket, notes_suite};

#[actix_web::test]
async fn a_call_without_a_valid_token_is_401() {
    let (notes,) = crate::notes();
    let socket = Socket::offering(Served::default().with::<dyn Notes>(notes));
    let now = Outside::system().now();
    let old = now - jiff::SignedDuration::from_secs(90);
    let stranger = ServiceKey::new(&[8; 32]);
    let good = socket.key.token("suite", "notes", now);
    let table = [
        (None, 401),
        (Some(String::new()), 401),
        (Some("Bearer".into()), 401),
        (Some(format!("Basic {good}")), 401),
        (Some(format!("Bearer {good}x")), 401),
        (Some(format!("Bearer {}", stranger.token("suite", "notes", now))), 401),
        (Some(format!("Bearer {}", socket.key.token("suite", "notes", old))), 401),
        (Some(format!("Bearer {}", socket.key.token("suite", "booking", now))), 401),
        (Some(format!("Bearer {good}")), 200),
    ];
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = serde_json::json!({ "ctx": notes_suite::somebody(), "question": NotesOf::default() });
    for (token, status) in table {
        for op in ["list", "no_such_operation"] {
            let mut request = client.post(format!("{}/call/notes/{op}", socket.base)).body(body.to_string());
            if let Some(token) = &token {
                request = request.header("authorization", token);
            }
            let answer = request.send().await.unwrap();
            let expected = if status == 200 && op != "list" { 404 } else { status };
            assert_eq!(answer.status().as_u16(), expected, "{op} {token:?}");
            assert!(status == 200 || answer.bytes().await.unwrap().is_empty());
        }
    }
}

#[actix_web::test]
async fn a_caller_with_another_key_meets_a_refusal() {
    let (notes,) = crate::notes();
    let socket = Socket::offering(Served::default().with::<dyn Notes>(notes));
    let stranger = Arc::new(ServiceKey::new(&[8; 32]));
    let transport = HttpTransport::new(&socket.base, "suite", stranger, Outside::system().clock).unwrap();
    let far: Arc<dyn Notes> = Arc::new(Remote::new(transport));
    let answer = far.list(&notes_suite::somebody(), NotesOf::default()).await;
    assert!(matches!(answer, Err(NotesError::Fault(Fault::Refused(_)))), "{answer:?}");
}

#[actix_web::test]
async fn a_listener_that_is_gone_is_a_fault_and_no_answer() {
    let (notes,) = crate::notes();
    let socket = Socket::offering(Served::default().with::<dyn Notes>(notes));
    let far: Arc<dyn Notes> = Arc::new(Remote::new(socket.transport()));
    let me = notes_suite::somebody();
    assert!(far.list(&me, NotesOf::default()).await.is_ok());
    socket.close().await;
    let answer = far.list(&me, NotesOf::default()).await;
    assert!(matches!(answer, Err(NotesError::Fault(Fault::Unavailable(_)))), "{answer:?}");
    let late = Ctx { deadline: kernel::Deadline::after(std::time::Duration::ZERO), ..me };
    let answer = far.list(&late, NotesOf::default()).await;
    assert!(matches!(answer, Err(NotesError::Fault(_))), "{answer:?}");
}
