//! A person with a browser that has no scripts: keeps cookies, follows redirects, and posts the forms it was given.

use std::collections::BTreeMap;

use reqwest::{Client, Method, header, redirect::Policy};

use crate::Site;

pub(crate) const PASSWORD: &str = "a boat of paper";

pub(crate) struct Person<'a> {
    site: &'a Site,
    client: Client,
    cookies: BTreeMap<String, String>,
    pub(crate) email: String,
    pub(crate) password: String,
}

/// What came back, after redirects.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The path (and query) where it ended.
    pub(crate) path: String,
    /// As it was sent.
    pub(crate) source: String,
    /// The same, readable: entities as the characters that they mean.
    pub(crate) html: String,
    pub(crate) headers: header::HeaderMap,
}

impl Person<'_> {
    pub(crate) fn new(site: &Site) -> Person<'_> {
        shims::install_tls_provider();
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        let email = format!("{}@example.com", kernel::Outside::system().uuid().simple());
        Person { site, client, cookies: BTreeMap::new(), email, password: PASSWORD.to_owned() }
    }

    pub(crate) async fn sign_up(&mut self) -> Answer {
        let (email, password) = (self.email.clone(), self.password.clone());
        let fields = [("email", &*email), ("password", &password), ("repeat_password", &password)];
        self.submit("/signup/", &fields).await
    }

    pub(crate) async fn sign_in(&mut self) -> Answer {
        let (email, password) = (self.email.clone(), self.password.clone());
        self.submit("/signin/", &[("email", &*email), ("password", &password)]).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.follow(Method::GET, path.to_owned(), None).await
    }

    /// Loads the page with the form, fills it in and sends it; hidden fields go along.
    pub(crate) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(path).await;
        self.fill(&page, path, fields).await
    }

    /// Sends a form that was loaded before.
    pub(crate) async fn fill(&mut self, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = page.hidden();
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.follow(Method::POST, path.to_owned(), Some(all)).await
    }

    /// Sends a form that nobody gave us.
    pub(crate) async fn forge(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.follow(Method::POST, path.to_owned(), Some(fields.iter().map(own).collect())).await
    }

    /// One request of the API, with the form token that scripts send.
    pub(crate) async fn call(
        &mut self,
        method: Method,
        path: &str,
        if_match: Option<&str>,
        body: Option<serde_json::Value>,
    ) -> Answer {
        let token = self.get("/notes/").await.token();
        let mut request = self.request(method, path).header("x-csrf-token", token);
        if let Some(tag) = if_match {
            request = request.header(header::IF_MATCH, tag);
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        }
        self.take(path, request).await
    }

    async fn follow(
        &mut self,
        mut method: Method,
        mut path: String,
        mut form: Option<Vec<(String, String)>>,
    ) -> Answer {
        for _ in 0..5 {
            let mut request = self.request(method.clone(), &path);
            if let Some(fields) = form.take() {
                request = request.form(&fields);
            }
            let answer = self.take(&path, request).await;
            let Some(to) = answer.headers.get(header::LOCATION).filter(|_| answer.status / 100 == 3) else {
                return answer;
            };
            path = to.to_str().unwrap().trim_start_matches(&self.site.base).to_owned();
            method = Method::GET;
        }
        panic!("too many redirects, the last to {path}");
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.client.request(method, format!("{}{path}", self.site.base));
        request.header(header::COOKIE, cookies.join("; "))
    }

    async fn take(&mut self, path: &str, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() || cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let source = answer.text().await.unwrap();
        let html = unescaped(&source);
        Answer { status, path: path.to_owned(), source, html, headers }
    }
}

impl Answer {
    pub(crate) fn shows(&self, words: &str) -> &Self {
        assert!(
            self.html.contains(words),
            "no `{words}` at {} ({}):\n{}",
            self.path,
            self.status,
            self.main()
        );
        self
    }

    pub(crate) fn lacks(&self, words: &str) -> &Self {
        assert!(!self.html.contains(words), "`{words}` at {} ({}):\n{}", self.path, self.status, self.main());
        self
    }

    pub(crate) fn at(&self, path: &str) -> &Self {
        assert_eq!((self.path.as_str(), self.status), (path, 200), "{}", self.main());
        self
    }

    pub(crate) fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "at {}:\n{}", self.path, self.main());
        self
    }

    /// How often a text stands on the page.
    pub(crate) fn count(&self, words: &str) -> usize {
        self.html.matches(words).count()
    }

    /// The address of the first link whose words are these.
    pub(crate) fn link(&self, words: &str) -> String {
        let found = self.html.split("<a ").skip(1).find(|rest| {
            let inside = rest.split("</a>").next().unwrap();
            inside.split_once('>').is_some_and(|(_, inside)| stripped(inside).trim() == words)
        });
        let rest = found.unwrap_or_else(|| panic!("no link `{words}` at {}:\n{}", self.path, self.main()));
        rest.split("href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    /// What the page says, without its frame.
    pub(crate) fn main(&self) -> &str {
        let start = self.source.find("<main").unwrap_or(0);
        let end = self.source.find("</main>").unwrap_or(self.source.len());
        &self.source[start..end]
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.source).unwrap()
    }

    fn token(&self) -> String {
        self.hidden().into_iter().find(|(name, _)| name == "csrf_token").unwrap().1
    }

    /// The hidden fields of the page's own form; the frame has forms too.
    fn hidden(&self) -> Vec<(String, String)> {
        let main = if self.main().contains("csrf_token") { self.main() } else { &self.source };
        let value = |tag: &str, name: &str| {
            Some(unescaped(tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?))
        };
        let tags = main.split("<input type=\"hidden\"").skip(1).filter_map(|rest| rest.split('>').next());
        let fields = tags.filter_map(|tag| Some((value(tag, "name")?, value(tag, "value")?)));
        fields.collect::<BTreeMap<_, _>>().into_iter().collect()
    }
}

fn unescaped(html: &str) -> String {
    let entities = [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
    ];
    let plain = entities.iter().fold(html.to_owned(), |text, (entity, plain)| text.replace(entity, plain));
    plain.replace("&#38;", "&").replace("&amp;", "&")
}

fn stripped(html: &str) -> String {
    html.split('<').map(|part| part.rsplit('>').next().unwrap_or(part)).collect()
}
