//! What a person with a screen reader, weak eyes or a small phone meets on a page: axe finds no violation, light or
//! dark, and at 320 pixels nothing reaches over the edge.

use serde_json::{Value, json};

use super::browser::Browser;

const AXE: &str = include_str!("../vendor/axe.min.js");

/// What is wrong on the page that is open, one line each.
pub(crate) async fn judge(browser: &Browser, name: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    browser.run(AXE, Vec::new()).await;
    for (theme, rules) in [("light", Value::Null), ("dark", json!(["color-contrast"]))] {
        paint(browser, theme).await;
        let found = browser.driver.execute_async(RUN, vec![rules]).await.unwrap().json().clone();
        browser.picture(&format!("{name}-{theme}")).await;
        let lines = found.as_array().unwrap().iter().filter_map(Value::as_str);
        wrong.extend(lines.map(|line| format!("{name}, {theme}: {line}")));
    }
    narrow(browser, true).await;
    let wide = browser.run(WIDE, Vec::new()).await;
    browser.picture(&format!("{name}-320")).await;
    if wide != Value::Null {
        wrong.push(format!("{name}, 320 pixels: reaches over the edge: {wide}"));
    }
    narrow(browser, false).await;
    paint(browser, "light").await;
    wrong
}

async fn paint(browser: &Browser, theme: &str) {
    let wish = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
    browser.driver.cdp().send_raw("Emulation.setEmulatedMedia", wish).await.unwrap();
}

async fn narrow(browser: &Browser, on: bool) {
    let cdp = browser.driver.cdp();
    if on {
        let phone = json!({ "width": 320, "height": 700, "deviceScaleFactor": 1, "mobile": true });
        cdp.send_raw("Emulation.setDeviceMetricsOverride", phone).await.unwrap();
    } else {
        cdp.send_raw("Emulation.clearDeviceMetricsOverride", json!({})).await.unwrap();
    }
}

const RUN: &str = r"
    const done = arguments[arguments.length - 1];
    const rules = arguments[0];
    const options = { resultTypes: ['violations'], ...(rules ? { runOnly: { type: 'rule', values: rules } } : {}) };
    axe.run(document, options).then(
      found => done(found.violations.flatMap(violation => violation.nodes.map(node =>
        `${violation.id}: ${node.target.join(' ')}: ${(node.any[0] || node.all[0] || node.none[0] || {}).message || violation.help}`))),
      error => done([`axe did not run: ${error}`]));
";

/// Null, or how wide the page is and which elements make it so.
const WIDE: &str = r"
    const root = document.documentElement;
    if (root.scrollWidth <= 320) return null;
    const over = [...document.body.querySelectorAll('*')].filter(node => node.getBoundingClientRect().right > 321);
    const names = over.slice(0, 4).map(node => node.tagName.toLowerCase() + (node.className ? '.' + node.className : ''));
    return `${root.scrollWidth}: ${names.join(', ')}`;
";
