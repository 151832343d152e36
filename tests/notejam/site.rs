//! The site under test: a server of our own on free ports and a throw-away folder, or another one by its address.

use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::Person;

pub(crate) struct Site {
    pub(crate) base: String,
    own: Option<Own>,
}

/// A child that does not outlive its owner.
struct Own {
    process: Child,
    folder: tempfile::TempDir,
}

impl Site {
    pub(crate) fn open() -> Self {
        match std::env::var("BANYAN_NOTEJAM") {
            Ok(base) => Self { base: base.trim_end_matches('/').to_owned(), own: None },
            Err(_) => Self::own(),
        }
    }

    fn own() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_banyan"))
            .args(["serve", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("data"))
            .current_dir(folder.path())
            .env("BANYAN__LIMITS__ENABLED", "false")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap());
        let mut own = Some(Own { process, folder });
        let (mut said, mut line) = (String::new(), String::new());
        while lines.read_line(&mut line).unwrap() > 0 {
            if let Some((_, address)) = line.split_once("portal listens on ") {
                let base = address.trim().to_owned();
                std::thread::spawn(move || lines.read_to_end(&mut Vec::new()));
                return Self { base, own: own.take() };
            }
            said.push_str(&std::mem::take(&mut line));
        }
        panic!("the server ended before it listened:\n{said}");
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.own.is_some()
    }

    /// Somebody who has not been here before.
    pub(crate) fn visitor(&self) -> Person<'_> {
        Person::new(self)
    }

    /// Somebody with an account, signed in.
    pub(crate) async fn member(&self) -> Person<'_> {
        let mut person = Person::new(self);
        person.sign_up().await;
        let answer = person.sign_in().await;
        assert!(answer.html.contains("You are signed in!"), "{}", answer.html);
        person
    }

    /// The link in the first mail to an address that has one; mails go to files here.
    pub(crate) async fn mailed_link(&self, to: &str) -> String {
        let folder = self.own.as_ref().unwrap().folder.path().join("data/mail");
        let found = async {
            loop {
                if let Some(link) = link_in(&folder, to) {
                    return link;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), found).await.expect("a mail with a link comes")
    }

    /// How many mails an address was sent.
    pub(crate) fn mails_to(&self, to: &str) -> usize {
        let folder = self.own.as_ref().unwrap().folder.path().join("data/mail");
        mails(&folder).filter(|mail| mail.contains(to)).count()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // Both fail only if it is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn mails(folder: &PathBuf) -> impl Iterator<Item = String> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let texts = files.filter(|file| file.path().extension().is_some_and(|ending| ending == "eml"));
    texts.filter_map(|file| std::fs::read_to_string(file.path()).ok())
}

fn link_in(folder: &PathBuf, to: &str) -> Option<String> {
    // Long lines are broken by quoted-printable.
    let plain = |mail: String| mail.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
    mails(folder).map(plain).filter(|mail| mail.contains(to)).find_map(|mail| {
        let start = mail.find("/forgot-password/")?;
        let link = mail[start..].split_whitespace().next()?;
        (link.len() > 30).then(|| link.to_owned())
    })
}
