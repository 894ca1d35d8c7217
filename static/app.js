/* Keys, theme, copying and dialogs. Every page works without this file. */
(function () {
  "use strict";

  const root = document.documentElement;
  /* The server reads the cookie, so that a page never flashes in the other theme. */
  function applyTheme(theme) {
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === (theme || "")));
    }
  }
  applyTheme(root.dataset.theme);

  function say(text) {
    const toast = document.getElementById("toast");
    toast.querySelector("span").textContent = text;
    toast.hidden = false;
    clearTimeout(say.timer);
    say.timer = setTimeout(() => { toast.hidden = true; }, 8000);
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-theme-choice], [data-copy], [data-dialog], [data-close]");
    if (!target) return;
    if ("themeChoice" in target.dataset) {
      document.cookie = "theme=" + target.dataset.themeChoice + "; path=/; max-age=31536000; samesite=lax";
      applyTheme(target.dataset.themeChoice);
    } else if ("copy" in target.dataset) {
      const text = target.dataset.copy;
      navigator.clipboard.writeText(text).then(() => say(target.dataset.copied || "Copied: " + text), () => say("The browser did not allow copying. Select the text instead."));
    } else if ("dialog" in target.dataset) {
      event.preventDefault();
      document.getElementById(target.dataset.dialog).showModal();
    } else {
      target.closest("dialog").close();
    }
  });

  /* What only works with script is hidden without it. */
  for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;

  /* A form that came back starts at what has to be corrected. */
  const bad = document.querySelector("[aria-invalid=true]");
  if (bad) bad.focus();

  /* A link to something folded opens it. */
  function unfold() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
  }
  addEventListener("hashchange", unfold);
  unfold();

  /* A GET select filters at once; without script its form has a button. */
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto]");
    if (form) form.requestSubmit();
  });

  const moves = { j: 1, k: -1 };
  let chord = "";

  function rows() { return [...document.querySelectorAll("[data-row] a[data-open], [data-step]")].filter((one) => one.checkVisibility()); }

  /* Where one is: what has the focus, or else the item that the address names. */
  function here() {
    const active = document.activeElement.closest("[data-item]");
    return active || (location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("[data-item]"));
  }

  function move(step) {
    const all = rows();
    const focused = all.indexOf(document.activeElement);
    const at = focused < 0 && here() ? all.indexOf(here().querySelector("[data-step]")) : focused;
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)];
    if (next) next.focus();
  }

  function typing(target) {
    return target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key;
    if (chord === "g") {
      chord = "";
      const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (key === "g") { chord = "g"; setTimeout(() => { chord = ""; }, 1500); return; }
    if (key === "/" || key === "f") {
      const field = document.querySelector(key === "f" ? ".filter-query input" : ".find input");
      if (field) { event.preventDefault(); field.focus(); field.select(); }
    } else if (key === "?") {
      const dialog = document.getElementById("keys");
      if (dialog) dialog.showModal();
    } else if (key in moves) {
      event.preventDefault(); move(moves[key]);
    } else if (key === "o" && document.activeElement.closest("[data-row], [data-step]")) {
      event.preventDefault(); document.activeElement.click();
    } else if ("123".includes(key) && here()) {
      const verdict = here().querySelector(`[data-verdict="${key}"]`);
      if (verdict) { event.preventDefault(); verdict.click(); }
    } else if (key === "c" && here()) {
      const item = document.getElementById("item-" + here().dataset.item);
      const field = item && item.querySelector("[data-comment] ~ form textarea");
      if (field) { event.preventDefault(); item.open = true; field.closest("details").open = true; field.focus(); }
    } else if (key === "y") {
      const copy = document.querySelector(".finding-open [data-copy]");
      if (copy) copy.click();
    }
  });

  /* A row opens in place, one at a time; its link closes it again. Without script the link leads to the finding's page. */
  function close(link) {
    link.setAttribute("aria-expanded", "false");
    document.getElementById(link.getAttribute("aria-controls")).replaceChildren();
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-open][aria-expanded]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const wasOpen = link.getAttribute("aria-expanded") === "true";
    for (const open of document.querySelectorAll("a[data-open][aria-expanded=true]")) close(open);
    if (wasOpen) { event.preventDefault(); event.stopPropagation(); } else { link.setAttribute("aria-expanded", "true"); }
  }, true);

  /* After a swap: what was hidden for want of script is shown. */
  document.addEventListener("htmx:afterSwap", (event) => {
    for (const part of event.target.querySelectorAll("[data-script]")) part.hidden = false;
  });

  /* An answer that cannot be used is said, and the page stays as it was. */
  document.addEventListener("htmx:responseError", (event) => say("The server answered " + event.detail.xhr.status + ". Nothing was changed; load the page again."));
  document.addEventListener("htmx:sendError", () => say("The server could not be reached. Nothing was changed; try again."));
})();
