// What makes pages nicer when scripts run; every page works without this file.
// Marks it looks for: data-airport, data-swap, data-busy, data-live, data-price and data-total, data-grid.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  // Dates such as "Today at 10:51" are told in the reader's zone.
  document.cookie = `zone=${encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone)}; path=/; max-age=31536000; samesite=lax`;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, attributes = {}, text = "") => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = text;
    return node;
  };
  const say = (words) => {
    const news = document.getElementById("news");
    if (news) news.textContent = words;
  };

  // Airports: a text field becomes a combobox. What is sent stays plain text: a code, or what was typed.
  const combobox = (input) => {
    const list = make("ul", { role: "listbox", id: `${input.id}-list`, class: "combo-list", "aria-label": "Airports" });
    const name = document.getElementById(`${input.id}-name`);
    let found = [], at = -1, timer = 0, asked = 0;
    list.hidden = true;
    input.after(list);
    for (const [key, value] of Object.entries({
      role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
    })) input.setAttribute(key, value);

    const close = () => {
      clearTimeout(timer);
      asked += 1;
      at = -1;
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const move = (to) => {
      at = (to + found.length) % found.length;
      [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
      const chosen = list.children[at];
      chosen.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", chosen.id);
    };
    const choose = (i) => {
      const place = found[i];
      input.value = place.iata;
      if (name) name.textContent = `${place.city}, ${place.name}`;
      close();
      input.dispatchEvent(new Event("change", { bubbles: true }));
    };
    const show = (places) => {
      found = places.slice(0, 8);
      at = -1;
      list.replaceChildren(...found.map((place, i) => {
        const item = make("li", { role: "option", id: `${list.id}-${i}`, "aria-selected": "false" });
        item.append(make("b", {}, place.iata), make("span", {}, place.city || place.name),
          make("small", {}, [place.name, place.country].filter(Boolean).join(", ")));
        item.addEventListener("mousedown", (event) => { event.preventDefault(); choose(i); });
        return item;
      }));
      list.hidden = found.length === 0;
      input.setAttribute("aria-expanded", String(found.length > 0));
      input.removeAttribute("aria-activedescendant");
      say(found.length ? `${found.length} airports; use the arrow keys` : "No airport found");
    };
    const ask = async () => {
      const q = input.value.trim();
      if (!q) return close();
      const mine = (asked += 1);
      try {
        const answer = await fetch(`/api/v1/airports?q=${encodeURIComponent(q)}`, { headers: { Accept: "application/json" } });
        if (answer.ok && mine === asked) show((await answer.json()).data || []);
      } catch { close(); }
    };
    input.addEventListener("input", () => {
      if (name) name.textContent = "";
      clearTimeout(timer);
      timer = setTimeout(ask, 120);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" && list.hidden) { event.preventDefault(); ask(); }
      if (list.hidden) return;
      if (event.key === "ArrowDown") { event.preventDefault(); move(at + 1); }
      if (event.key === "ArrowUp") { event.preventDefault(); move(at < 0 ? -1 : at - 1); }
      if (event.key === "Enter" && at >= 0) { event.preventDefault(); choose(at); }
      if (event.key === "Escape") { event.preventDefault(); close(); }
    });
    input.addEventListener("focus", () => input.select());
    input.addEventListener("blur", close);
  };

  const swap = (button) => button.addEventListener("click", () => {
    const [a, b] = button.dataset.swap.split(" ").map((id) => document.getElementById(id));
    const names = [a, b].map((input) => document.getElementById(`${input.id}-name`));
    [a.value, b.value] = [b.value, a.value];
    if (names[0] && names[1]) [names[0].textContent, names[1].textContent] = [names[1].textContent, names[0].textContent];
    say(`From ${a.value || "nowhere yet"} to ${b.value || "nowhere yet"}`);
  });

  // A button that says what is happening and cannot be pressed twice. It is not disabled: its own name and value must travel.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) return event.preventDefault();
    const button = event.submitter || form.querySelector("[data-busy]");
    if (!button || !button.dataset.busy || event.defaultPrevented) return;
    form.dataset.sent = "1";
    setTimeout(() => {
      button.dataset.idle = button.textContent;
      button.textContent = button.dataset.busy;
      button.setAttribute("aria-disabled", "true");
      say(button.dataset.busy);
    });
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    all("form[data-sent]").forEach((form) => delete form.dataset.sent);
    all("[data-idle]").forEach((button) => {
      button.textContent = button.dataset.idle;
      button.removeAttribute("aria-disabled");
    });
  });

  // Live parts: a change on the stream fetches this page again and swaps the element of the same id.
  const live = (id, url) => {
    let waiting = 0, busy = false, again = false, opened = false;
    const now = () => document.getElementById(id);
    const word = (on) => all("[data-live-word]", now() || root).forEach((node) => {
      node.classList.toggle("live-on", on);
      node.textContent = on ? "Live" : stream.readyState === 2 ? "Not live: reload for news" : "Reconnecting";
    });
    const lines = (node) => new Map(all("[data-key]", node).map((line) => [line.dataset.key, line.textContent.replace(/\s+/g, " ").trim()]));
    const swapIn = (fresh) => {
      const old = now();
      const before = lines(old);
      const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      old.replaceWith(fresh);
      const changed = all("[data-key]", fresh).filter((line) => before.get(line.dataset.key) !== line.textContent.replace(/\s+/g, " ").trim());
      changed.forEach((line) => {
        line.classList.add("just-changed");
        setTimeout(() => line.classList.remove("just-changed"), 2000);
      });
      if (focused) all("a[href]", fresh).find((link) => link.getAttribute("href") === focused)?.focus();
      word(true);
      const words = changed.slice(0, 3).map((line) => line.dataset.say || line.textContent.replace(/\s+/g, " ").trim());
      if (words.length) say(`Changed: ${words.join("; ")}${changed.length > 3 ? `; and ${changed.length - 3} more` : ""}`);
    };
    const refresh = async () => {
      if (busy) { again = true; return; }
      busy = true;
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
        const page = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page && page.getElementById(id);
        if (fresh && now()) swapIn(document.importNode(fresh, true));
      } catch { word(false); }
      busy = false;
      if (again) { again = false; soon(); }
    };
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(refresh, 80); };
    const stream = new EventSource(url);
    stream.addEventListener("snapshot", () => {
      if (opened) soon(); // back after a break: something may have passed us by
      opened = true;
      word(true);
    });
    stream.addEventListener("change", soon);
    stream.addEventListener("error", () => word(false));
    window.addEventListener("pagehide", () => stream.close());
    window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  };

  // The price follows the chosen family.
  document.addEventListener("change", (event) => {
    const price = event.target.dataset && event.target.dataset.price;
    const total = price && event.target.form && event.target.form.querySelector("[data-total]");
    if (total) total.textContent = price;
  });

  // Arrow keys in the fare calendar: the data-grid value is the number of columns.
  document.addEventListener("keydown", (event) => {
    const grid = event.target.closest && event.target.closest("[data-grid]");
    const step = grid && { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.dataset.grid, ArrowDown: +grid.dataset.grid }[event.key];
    if (!step) return;
    const cells = all("td", grid);
    let i = cells.indexOf(event.target.closest("td")) + step;
    while (cells[i] && !cells[i].querySelector("a")) i += step;
    if (cells[i]) { event.preventDefault(); cells[i].querySelector("a").focus(); }
  });

  all("[data-airport]").forEach(combobox);
  all("[data-swap]").forEach(swap);
  if ("EventSource" in window) all("[data-live][id]").forEach((node) => live(node.id, node.dataset.live));
})();
