/* The console's only script. Pages read and act without it. It keeps the regions marked with data-live up to date, and shows
   the forms of actions as dialogs. */
(() => {
  "use strict";
  const SOON = 400, AT_LEAST = 1500, ANYWAY = 30000;
  const light = document.querySelector(".live");
  let stream = null, timer = 0, last = 0, asking = false, again = false;

  function say(word, tone) {
    if (!light || light.textContent === word) return;
    light.hidden = false;
    light.textContent = word;
    light.dataset.tone = tone;
  }

  /* Regions that somebody works in stay as they are. */
  function isBusy(region) {
    const at = document.activeElement;
    const types = at && region.contains(at) && at.matches("input, textarea, select");
    return types || region.querySelector("dialog[open]") || region.querySelector(".act[open]");
  }

  function replace(region, fresh) {
    if (region.outerHTML === fresh.outerHTML || isBusy(region)) return;
    const at = document.activeElement;
    const name = (one) => one.tagName + (one.getAttribute("href") || one.id || one.parentElement.id);
    const focused = at && region.contains(at) ? name(at) : null;
    const open = [...region.querySelectorAll("details[open][id]")].map((one) => one.id);
    region.replaceWith(fresh);
    for (const id of open) {
      const found = document.getElementById(id);
      if (found) found.open = true;
    }
    if (focused) [...fresh.querySelectorAll("a[href], [id], summary")].find((one) => name(one) === focused)?.focus();
    prepare(fresh);
  }

  async function refresh() {
    if (asking) { again = true; return; }
    asking = true;
    last = Date.now();
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (new URL(answer.url).pathname === "/login") { location.reload(); return; }
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const region of document.querySelectorAll("[data-live][id]")) {
        const fresh = page.getElementById(region.id);
        if (fresh) replace(region, document.adoptNode(fresh));
      }
      const foot = document.querySelector(".foot"), now = page.querySelector(".foot");
      if (foot && now) foot.replaceWith(document.adoptNode(now));
    } catch {
      say("Not live", "bad");
    } finally {
      asking = false;
      if (again) { again = false; soon(); }
    }
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(refresh, Math.max(SOON, AT_LEAST - (Date.now() - last)));
  }

  function follow() {
    if (stream) return;
    stream = new EventSource("/api/v1/events/stream");
    stream.addEventListener("open", () => { say("Live", "good"); soon(); });
    stream.addEventListener("change", soon);
    stream.addEventListener("error", () => {
      say("Not live", "bad");
      if (stream && stream.readyState === EventSource.CLOSED) { stream = null; setTimeout(follow, 10000); }
    });
  }

  /* A browser has few connections per host: a page that nobody sees gives its own back. */
  function seen() {
    if (document.hidden) { if (stream) { stream.close(); stream = null; } } else follow();
  }

  /* An action's form opens as a dialog, so that it asks once and keeps the page still. */
  function prepare(root) {
    for (const act of root.querySelectorAll("details.act")) {
      act.querySelector("summary").addEventListener("click", (event) => { event.preventDefault(); ask(act); });
    }
  }

  function ask(act) {
    const form = act.querySelector("form"), dialog = document.createElement("dialog");
    const close = form.querySelector("[data-close]"), title = form.querySelector("h3");
    title.id = act.id + "-title";
    dialog.setAttribute("aria-labelledby", title.id);
    dialog.className = "ask";
    dialog.append(form);
    act.append(dialog);
    close.hidden = false;
    close.onclick = () => dialog.close();
    dialog.addEventListener("close", () => { close.hidden = true; act.append(form); dialog.remove(); act.querySelector("summary").focus(); });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    act.open = true;
    dialog.showModal();
    form.querySelector("textarea, select, button, input:not([type=hidden])").focus();
    dialog.addEventListener("close", () => { act.open = false; });
  }

  /* Sending twice would act twice. What is saved as a file leaves the page as it is. */
  document.addEventListener("submit", (event) => {
    if ("saves" in event.target.dataset) { setTimeout(() => event.target.closest("dialog")?.close()); return; }
    for (const button of event.target.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
  });

  /* What was done is done: this page is renewed, and loaded again, from where it is always found. */
  const itself = document.body.dataset.itself;
  if (itself) history.replaceState(null, "", itself + location.hash);

  prepare(document);
  if (document.querySelector("[data-live]") && "EventSource" in window) {
    document.addEventListener("visibilitychange", seen);
    addEventListener("pagehide", () => { if (stream) { stream.close(); stream = null; } });
    setInterval(() => { if (!document.hidden) soon(); }, ANYWAY);
    seen();
  }
})();
