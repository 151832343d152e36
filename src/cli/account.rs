//! `banyan account`: people and machine tokens, for whoever holds the data folder.

use accounts_api::{
    CreateAccount, EndSessions, FindAccounts, NewMachineToken, PersonOf, RequestReset, SetRole,
};
use anyhow::{Context, anyhow};
use clap::Subcommand;
use kernel::{Ctx, Email, Role, Secret};
use serde_json::json;

use super::{Failure, Global, Outcome, house::House};
use crate::{hex::hex, wire::Wired};

#[derive(Debug, Subcommand)]
pub(super) enum Account {
    /// Make an account; the password is read from standard input, or made up and printed once
    Create {
        #[arg(long)]
        email: String,
        #[arg(long, default_value = "traveller")]
        role: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Change somebody's role; their sessions end
    Role {
        #[arg(long)]
        email: String,
        #[arg(long)]
        role: String,
        #[arg(long, default_value = "command line")]
        reason: String,
    },
    /// Mail somebody a link for a new password
    ResetPassword {
        #[arg(long)]
        email: String,
    },
    /// List somebody's sessions, or end them all
    Sessions {
        #[arg(long)]
        email: String,
        #[arg(long)]
        revoke: bool,
    },
    /// Make a machine token; it is printed once
    Token {
        #[arg(long)]
        role: String,
        /// How audits call it [default: a name of its own, so that two tokens are two people to agree]
        #[arg(long)]
        name: Option<String>,
    },
}

impl Account {
    pub(super) fn run(self, global: &Global) -> Outcome {
        let house = House::open(global, Vec::new())?;
        House::block_on(async {
            let wired = house.modules(Some(&["accounts"])).await?;
            self.act(&house, &wired, global).await
        })
    }

    async fn act(self, house: &House, wired: &Wired, global: &Global) -> Outcome {
        let ctx = Ctx::system("command-line");
        let accounts = &wired.faces.accounts;
        match self {
            Self::Create { email, role, password_stdin } => {
                let made_up = !password_stdin;
                let password = if made_up { make_up(house) } else { typed()? };
                let new =
                    CreateAccount { email, password: Secret::new(password.clone()), role: role_of(&role)? };
                let account = accounts.create(&ctx, new).await.map_err(Failure::input)?;
                let shown = made_up.then_some(password);
                if global.json {
                    println!(
                        "{}",
                        json!({ "email": account.email, "role": account.role, "password": shown })
                    );
                } else {
                    println!("{} is a {}", account.email, account.role);
                    if let Some(password) = shown {
                        println!("password: {password}");
                    }
                }
            }
            Self::Role { email, role, reason } => {
                let person = find(wired, &email).await?;
                let change = SetRole { person, role: role_of(&role)?, reason };
                let account = accounts.set_role(&ctx, change).await.map_err(anyhow::Error::from)?;
                println!("{} is a {} now", account.email, account.role);
            }
            Self::ResetPassword { email } => {
                accounts.request_reset(&ctx, RequestReset { email }).await.map_err(anyhow::Error::from)?;
                println!("If there is such an account, a link is on its way.");
            }
            Self::Sessions { email, revoke } => sessions(wired, &ctx, &email, revoke, global).await?,
            Self::Token { role, name } => {
                let name = name.unwrap_or_else(|| format!("{role}-{}", hex(&house.outside.bytes::<4>())));
                let new = NewMachineToken { name, role: role_of(&role)? };
                let issued = accounts.issue_token(&ctx, new).await.map_err(anyhow::Error::from)?;
                if global.json {
                    println!("{}", json!({ "token": issued.token.expose() }));
                } else {
                    println!("{}", issued.token.expose());
                }
            }
        }
        Ok(())
    }
}

async fn sessions(wired: &Wired, ctx: &Ctx, email: &str, revoke: bool, global: &Global) -> Outcome {
    let person = find(wired, email).await?;
    let accounts = &wired.faces.accounts;
    if revoke {
        let all = EndSessions { person, only: None, keep: None, reason: "command line".into() };
        let ended = accounts.end_sessions(ctx, all).await.map_err(anyhow::Error::from)?;
        println!("{ended} sessions ended");
        return Ok(());
    }
    let open = accounts.sessions(ctx, PersonOf { person }).await.map_err(anyhow::Error::from)?;
    if global.json {
        println!("{}", json!(open));
    } else {
        for session in open {
            println!("{}  {}  last seen {}", session.id, session.device, session.last_seen);
        }
    }
    Ok(())
}

async fn find(wired: &Wired, email: &str) -> Result<kernel::PersonId, Failure> {
    let email: Email = email.parse().map_err(Failure::input)?;
    let ask = FindAccounts { text: email.to_string(), ..FindAccounts::default() };
    let found =
        wired.faces.accounts.find(&Ctx::system("command-line"), ask).await.map_err(anyhow::Error::from)?;
    let account = found.items.into_iter().find(|account| account.email == email);
    account
        .map(|account| account.id)
        .ok_or_else(|| Failure::input(anyhow!("there is no account for {email}")))
}

fn role_of(word: &str) -> Result<Role, Failure> {
    word.parse().map_err(Failure::input)
}

fn typed() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("reading the password from standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// 100 random bits, in letters that are easy to type.
fn make_up(house: &House) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letter = |byte: &u8| LETTERS.get(usize::from(byte & 31)).copied().map_or('a', char::from);
    let letters: Vec<char> = house.outside.bytes::<20>().iter().map(letter).collect();
    letters.chunks(5).map(|five| five.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}
