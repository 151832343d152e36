//! The evaluation context: the subject, and what rules may look at. Other attributes are somebody else's business.

use kernel::{Actor, Ctx, Role};
use serde_json::{Map, Value};

use super::no::Bad;
use crate::edge::ToldRequest;

/// A question's context.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) ctx: Ctx,
    /// `path` and `headers`, for rules that look at a request.
    pub(super) seen: ToldRequest,
    /// As it came, for the tag of the answer.
    pub(super) raw: Value,
}

impl Context {
    pub(super) fn read(body: &[u8]) -> Result<Self, Bad> {
        let body: Value = serde_json::from_slice(body).map_err(Bad::parse)?;
        let body =
            body.as_object().ok_or_else(|| Bad::parse("the body is a JSON object with a `context`"))?;
        let raw = body.get("context").cloned().unwrap_or_default();
        let context = match &raw {
            Value::Null => return Err(Bad::no_key()),
            Value::Object(context) => context,
            _ => return Err(Bad::context("`context` is an object")),
        };
        let subject = text(context, "targetingKey")?.filter(|key| !key.is_empty()).ok_or_else(Bad::no_key)?;
        let role = text(context, "role")?.map(str::parse::<Role>).transpose().map_err(Bad::context)?;
        let actor = role.map_or(Actor::Anonymous, |role| Actor::Machine { name: "told".into(), role });
        let ctx = Ctx { subject: subject.into(), ..Ctx::new(actor, "ofrep") };
        let seen = ToldRequest::new(text(context, "path")?.unwrap_or_default(), headers(context)?);
        Ok(Self { ctx, seen, raw })
    }
}

fn text<'a>(context: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Bad> {
    match context.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Bad::context(format_args!("`{name}` is a text"))),
    }
}

fn headers(context: &Map<String, Value>) -> Result<Vec<(String, String)>, Bad> {
    let wrong = || Bad::context("`headers` is an object of texts");
    let headers = match context.get("headers") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(headers) => headers.as_object().ok_or_else(wrong)?,
    };
    headers
        .iter()
        .map(|(name, value)| value.as_str().map(|value| (name.clone(), value.to_owned())).ok_or_else(wrong))
        .collect()
}

#[cfg(test)]
mod tests {
    use kernel::Seen;

    use super::*;

    #[test]
    fn what_is_wrong_has_a_code() {
        for (body, code) in [
            ("", "PARSE_ERROR"),
            ("{", "PARSE_ERROR"),
            ("[]", "PARSE_ERROR"),
            ("{}", "TARGETING_KEY_MISSING"),
            (r#"{"context":{}}"#, "TARGETING_KEY_MISSING"),
            (r#"{"context":{"targetingKey":""}}"#, "TARGETING_KEY_MISSING"),
            (r#"{"context":7}"#, "INVALID_CONTEXT"),
            (r#"{"context":{"targetingKey":7}}"#, "INVALID_CONTEXT"),
            (r#"{"context":{"targetingKey":"a","role":"king"}}"#, "INVALID_CONTEXT"),
            (r#"{"context":{"targetingKey":"a","headers":["x"]}}"#, "INVALID_CONTEXT"),
        ] {
            assert_eq!(Context::read(body.as_bytes()).unwrap_err().code, code, "{body}");
        }
    }

    #[test]
    fn what_rules_may_look_at() {
        let body =
            r#"{"context":{"targetingKey":"a","role":"ops","path":"/x","headers":{"X-Beta":"1"},"plan":7}}"#;
        let context = Context::read(body.as_bytes()).unwrap();
        assert_eq!((&*context.ctx.subject, context.ctx.actor.role()), ("a", Some(Role::Ops)));
        assert!(context.seen.path() == "/x" && context.seen.has_header("x-beta", Some("1")));
    }
}
