//! What a binding file may say, and what is refused with the name of the thing.

use super::*;

fn known() -> Known {
    Known {
        modules: vec!["notes".into(), "booking".into()],
        upstreams: vec!["notes".into(), "booking".into(), "res".into(), "site".into()],
        sites: vec!["site".into()],
    }
}

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn binding(text: &str) -> Result<Binding, FileError> {
    BindingFile::parse(text)?.binding(&known(), now())
}

const EVERYTHING: &str = r#"
module = "booking"
rules  = [ { when = { role = "migrator" }, target = "remote:booking", until = 2027-01-31 },
           { when = { header = "X-Beta: 1" }, target = "remote:booking", until = 2027-01-31T12:00:00Z },
           { when = { cookie = "beta" }, target = "remote:booking", until = "2027-01-31" },
           { when = { path = "/trips" }, target = "here", until = 2027-01-31 },
           { when = { person = "s-1" }, target = "here", until = 2027-01-31 } ]
hop    = { from = "here", to = "remote:booking" }
ranges = { "remote:booking" = 5000, here = 75000, "legacy:res" = 20000 }
routes = [ { match = "GET /trips/{locator}", kind = "query" },
           { match = "POST /trips/{locator}/cancellation", kind = "command", key = "Idempotency-Key" },
           { match = "POST /baskets/{id}/payment", kind = "unkeyed" },
           { match = "GET /live/{rest..}", upgrade = true } ]
ramp   = { steps = [0.1, 1, 5, 25, 50, 100], hold = "30m", min_subjects = 2000, freeze = ["Fri 16:00-Mon 08:00"] }
gates  = [ { metric = "error",    max = "1%",   alpha = 0.01, beta = 0.05 },
           { metric = "slow_p95", max = "7.5%", plus = "5ms", alpha = 0.01, beta = 0.05 },
           { metric = "mismatch", max = "0.5%", alpha = 0.01, beta = 0.05 }, { metric = "sample_ratio", alpha = 0.01 } ]
breaker = { consecutive = 5, window = "10s", min = 20, ratio = 0.7, probe = "strict", in_flight = 512, fallback = "here" }
approve = { from_state = "READ_RAMP", people = 2 }
"#;

#[test]
fn one_line_moves_a_module() {
    let binding = binding("module = \"notes\"\nranges = { \"remote:notes\" = 100000 }").unwrap();
    assert_eq!(binding.ranges.share(&Target::Remote("notes".into())), 100_000);
    assert_eq!((&binding.hop.from, binding.state), (&Target::Here, State::ReadRamp));
    assert_eq!(binding.back(now()).unwrap().ranges.share(&Target::Here), 100_000);
}

#[test]
fn every_key_is_read_and_written_again() {
    let read = binding(EVERYTHING).unwrap();
    assert_eq!((read.rules.len(), read.routes.len(), read.gates.len()), (5, 4, 4));
    assert_eq!(read.rules[0].until, "2027-01-31T00:00:00Z".parse().unwrap());
    assert_eq!(read.rules[1].until, "2027-01-31T12:00:00Z".parse().unwrap());
    let file = BindingFile::of("booking", &read);
    assert_eq!(binding(&file.to_toml()).unwrap(), read, "{}", file.to_toml());
    let json = serde_json::to_value(&file).unwrap();
    let again: BindingFile = serde_json::from_value(json).unwrap();
    assert_eq!(again.binding(&known(), now()).unwrap(), read);
}

#[test]
fn a_time_ramp_keeps_its_beginning() {
    let text = "module = \"notes\"\nhop = { from = \"here\", to = \"remote:notes\" }\nranges = { here = 100000 }\nramp = { over = \"2h\" }";
    let first = binding(text).unwrap();
    assert_eq!(first.state, State::ReadRamp);
    let later = now() + jiff::SignedDuration::from_hours(1);
    let again = BindingFile::of("notes", &first).binding(&known(), later).unwrap();
    assert_eq!(again.glide, first.glide);
    assert_eq!(again.ranges_at(later).share(&Target::Here), 50_000);
}

#[test]
fn groups_of_any_routes() {
    let text = |name: &str, target: &str| {
        format!(
            "module = \"{name}\"\nranges = {{ \"{target}\" = 100000 }}\nroutes = [ {{ match = \"* /ledger/{{rest..}}\" }} ]"
        )
    };
    assert!(binding(&text("ledger/all", "legacy:site")).is_ok());
    assert!(binding(&text("notes/view", "remote:site")).is_ok());
    let hop = "hop = { from = \"legacy:res\", to = \"remote:site\" }\n";
    let both = "\nroutes = [ { match = \"* /ledger/{rest..}\" } ]\nranges = { \"legacy:res\" = 50000, \"remote:site\" = 50000 }";
    assert!(binding(&format!("module = \"ledger/all\"\n{hop}{both}")).is_ok());
}

#[test]
fn what_is_refused_names_the_thing() {
    let hop = "hop = { from = \"legacy:res\", to = \"remote:notes\" }";
    let between = format!("module = \"notes\"\n{hop}\nranges = {{ \"legacy:res\" = 50000, here = 50000 }}");
    let alphas =
        "module = \"notes\"\nranges = { here = 100000 }\ngates = [ { metric = \"error\", alpha = 0.06 } ]";
    let taken = "module = \"notes/a\"\nranges = { here = 100000 }\nroutes = [ { match = \"GET /a/{b}\" }, { match = \"GET /a/{c}\" } ]";
    for (text, names) in [
        ("module = \"notes\"\nranges = { here = 99999 }", "99999"),
        ("module = \"nots\"\nranges = { here = 100000 }", "nots"),
        ("module = \"notes\"\nranges = { \"remote:elsewhere\" = 100000 }", "elsewhere"),
        ("module = \"notes\"\nranges = { \"legacy:old\" = 100000 }", "legacy:old"),
        ("module = \"notes\"\nranges = { there = 100000 }", "there"),
        ("module = \"notes\"\nrange = { here = 100000 }", "range"),
        ("module = \"notes\"\nranges = { here = -1 }", "-1"),
        ("module = \"notes\"\nranges = { here = 50000, here = 50000 }", "here"),
        ("module = \"notes\"\nranges = { here = 100000 }\nseed = \"other\"", "other"),
        ("module = \"notes\"\nranges = { here = 100000 }\nbuckets = 1000", "1000"),
        ("module = \"notes/a b\"\nranges = { here = 100000 }", "a b"),
        ("module = \"notes/view\"\nranges = { here = 100000 }", "routes"),
        ("module = \"notes\"\nranges = { \"remote:site\" = 100000 }", "site"),
        ("module = \"notes\"\nranges = { here = 100000 }\nramp = { steps = [5, 1] }", "steps"),
        ("module = \"notes\"\nranges = { here = 100000 }\nramp = { steps = [0.00001] }", "0.00001"),
        ("module = \"notes\"\nranges = { here = 100000 }\nbreaker = { ratio = 7 }", "ratio"),
        ("module = \"notes\"\nranges = { here = 100000 }\nbreaker = { fallback = \"remote:x\" }", "remote:x"),
        (
            "module = \"notes/a\"\nranges = { here = 100000 }\nroutes = [ { match = \"POST /a\", kind = \"query\" } ]",
            "POST /a",
        ),
        (taken, "GET /a/{b}"),
        (&between, "two hops"),
        (alphas, "0.06"),
        ("ranges = ", "not a binding file"),
    ] {
        let refused = binding(text).unwrap_err();
        assert!(refused.to_string().contains(names), "{text}: {refused}");
    }
}
