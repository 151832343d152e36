//! Renders and sends what the modules' outboxes hold. A mail that fails comes back later; nobody waits for one.

mod render;

use std::{path::Path, path::PathBuf, time::Duration};

use actix_web::web::Data;
use anyhow::Context;
use kernel::{Ctx, Fault, MailDue, MailOutcome, TakeMail};
use lettre::{
    AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, message::Mailbox,
    message::header::ContentType,
};
use secrecy::ExposeSecret;
use tokio::sync::watch;

use crate::{config::Settings, portal::Portal};

/// Takes mails from the outboxes and sends them.
pub struct Postman {
    portal: Data<Portal>,
    from: Mailbox,
    by: By,
}

enum By {
    Files(AsyncFileTransport<Tokio1Executor>),
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

/// How often the outboxes are looked at.
const PAUSE: Duration = Duration::from_millis(500);

impl Postman {
    /// By SMTP where `mail.smtp_url` says so, else into files.
    pub fn new(settings: &Settings, data: &Path, portal: &Data<Portal>) -> anyhow::Result<Self> {
        let address = settings.mail.from.parse().context("mail.from is not an address")?;
        let from = Mailbox::new(Some(settings.brand.name.clone()), address);
        let by = match settings.mail.smtp_url.expose_secret() {
            "" => By::Files(AsyncFileTransport::new(folder(settings, data)?)),
            url => By::Smtp(
                AsyncSmtpTransport::<Tokio1Executor>::from_url(url).context("mail.smtp_url")?.build(),
            ),
        };
        Ok(Self { portal: portal.clone(), from, by })
    }

    async fn send(&self, mail: &MailDue) -> anyhow::Result<()> {
        let letter = render::letter(mail, &self.portal.house)?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, mail.to.as_str().parse()?))
            .subject(letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text)?;
        match &self.by {
            By::Files(files) => drop(files.send(message).await?),
            By::Smtp(smtp) => drop(smtp.send(message).await?),
        }
        Ok(())
    }

    async fn outcome(&self, mail: &MailDue) -> MailOutcome {
        let failure = self.send(mail).await.err().map(|error| format!("{error:#}"));
        if let Some(why) = &failure {
            tracing::warn!(mail = %mail.id, template = mail.template, attempts = mail.attempts, why, "a mail could not be sent and is kept for later");
        }
        MailOutcome { id: mail.id, failure }
    }

    /// One round over all outboxes; how many mails were due.
    async fn round(&self) -> Result<usize, Fault> {
        let ask = TakeMail { limit: 20 };
        let ctx = Ctx::system("mail");
        let accounts =
            self.portal.faces.accounts.take_mail(&ctx, ask.clone()).await.map_err(Fault::unavailable)?;
        for mail in &accounts {
            let outcome = self.outcome(mail).await;
            self.portal.faces.accounts.mail_done(&ctx, outcome).await.map_err(Fault::unavailable)?;
        }
        let booking = self.portal.faces.orders.take_mail(&ctx, ask).await.map_err(Fault::unavailable)?;
        for mail in &booking {
            let outcome = self.outcome(mail).await;
            self.portal.faces.orders.mail_done(&ctx, outcome).await.map_err(Fault::unavailable)?;
        }
        Ok(accounts.len() + booking.len())
    }
}

/// Works until it is told to stop. A fault is told once, until the outboxes are back.
pub async fn post(postman: Postman, mut stop: watch::Receiver<bool>) {
    let mut away = false;
    while !*stop.borrow() {
        match postman.round().await {
            Ok(_) => away = false,
            Err(fault) if !away => {
                away = true;
                tracing::warn!(%fault, "an outbox cannot be read; mails wait");
            }
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stop.changed() => break,
        }
    }
}

fn folder(settings: &Settings, data: &Path) -> anyhow::Result<PathBuf> {
    let folder = match settings.mail.folder.as_str() {
        "" => data.join("mail"),
        folder => folder.into(),
    };
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("making the mail folder {}", folder.display()))?;
    Ok(folder)
}
