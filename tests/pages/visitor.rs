//! The real binary over an empty folder, and a visitor with cookies and the token of the last form.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, Stdio},
};

use reqwest::{Client, Response, header, redirect::Policy};
use tempfile::TempDir;

/// A running server. Ends when it is dropped.
pub(crate) struct House {
    url: String,
    server: Child,
    folder: TempDir,
}

impl House {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Command::new(env!("CARGO_BIN_EXE_banyan"))
            .args(["serve", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("data"))
            .env("BANYAN__LIMITS__ENABLED", "false")
            // Somewhere to move to; nobody is there.
            .env("BANYAN__SWITCH__UPSTREAMS__NOTES", "http://127.0.0.1:9")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(server.stderr.take().unwrap());
        let mut said = String::new();
        let url = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the server ended: {said}");
            if let Some((_, url)) = line.split_once("portal listens on ") {
                break url.trim().trim_end_matches('/').to_owned();
            }
            said.push_str(&line);
        };
        std::thread::spawn(move || log.read_to_end(&mut Vec::new()));
        Self { url, server, folder }
    }

    /// An account of a member of staff, made as their administrator would.
    pub(crate) fn appoint(&self, email: &str, role: &str, password: &str) {
        let mut made = Command::new(env!("CARGO_BIN_EXE_banyan"))
            .args(["account", "create", "--password-stdin", "--email", email, "--role", role, "--data"])
            .arg(self.folder.path().join("data"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        made.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        assert!(made.wait().unwrap().success());
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

pub(crate) struct Visitor {
    url: String,
    client: Client,
    cookies: BTreeMap<String, String>,
    token: String,
}

impl Visitor {
    pub(crate) fn of(house: &House) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { url: house.url.clone(), client, cookies: BTreeMap::new(), token: String::new() }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        let request = self.client.get(self.at(path)).header(header::COOKIE, self.cookie());
        let answer = request.header(header::ACCEPT, "text/html").send().await.unwrap();
        self.receive(path, answer).await
    }

    /// Opens the form and sends it filled in, as a browser would.
    pub(crate) async fn post(&mut self, path: &str, typed: &[(&str, &str)]) -> Page {
        self.post_from(path, path, typed).await
    }

    /// The same for a form that is posted to another address than its page's.
    pub(crate) async fn post_from(&mut self, page: &str, path: &str, typed: &[(&str, &str)]) -> Page {
        if self.token != FORGED {
            self.get(page).await;
        }
        let mut fields = typed.to_vec();
        let token = self.token.clone();
        fields.push(("csrf_token", &token));
        let request = self.client.post(self.at(path)).header(header::COOKIE, self.cookie());
        let answer = request.header(header::ORIGIN, &self.url).form(&fields).send().await.unwrap();
        self.receive(path, answer).await
    }

    /// From now on forms carry a token that nobody gave.
    pub(crate) fn forget_the_token(&mut self) {
        FORGED.clone_into(&mut self.token);
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn receive(&mut self, path: &str, answer: Response) -> Page {
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let to = answer.headers().get(header::LOCATION).map(|to| format!(" → {}", to.to_str().unwrap()));
        let status = format!("{path}: {}{}", answer.status(), to.unwrap_or_default());
        let html = answer.text().await.unwrap();
        if let Some(token) = between(&html, "name=\"csrf_token\" value=\"", "\"") {
            token.clone_into(&mut self.token);
        }
        Page { status, html }
    }
}

const FORGED: &str = "forged";

/// What was answered: on one line the address, the status and where to go on; then the document.
pub(crate) struct Page {
    status: String,
    html: String,
}

impl Page {
    /// All of the document.
    pub(crate) fn whole(&self) -> String {
        self.with(&self.html)
    }

    /// What is particular to the page: its title and its main part.
    pub(crate) fn main(&self) -> String {
        let title = between(&self.html, "<title>", "</title>").unwrap_or_default();
        let main = between(&self.html, "<main", "</main>").unwrap_or_default();
        let main = main.split_once('>').map_or("", |(_, inner)| inner);
        self.with(&format!("{title}\n{main}"))
    }

    fn with(&self, document: &str) -> String {
        let lines = document.lines().map(str::trim_end).filter(|line| !line.is_empty());
        std::iter::once(self.status.as_str()).chain(lines).collect::<Vec<_>>().join("\n")
    }
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split_once(to).map(|(inner, _)| inner)
}
