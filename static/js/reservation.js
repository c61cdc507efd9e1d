// Keeps an item reserved while its person is at work on it.
//
//   <form data-renew="URL">
//
// At most every two minutes, and only if something was typed, pressed, scrolled or pointed at
// since the last time, URL is POSTed to. The server writes at most once a minute.

import { post } from "./shared.js";

const EVERY = 120_000;
const SIGNS = ["keydown", "pointerdown", "pointermove", "scroll", "input"];
let atWork = false;

async function renew() {
  // The next item's form may have taken the place of the one that was here.
  const form = document.querySelector("form[data-renew]");
  if (!form || !atWork || document.hidden) return;
  atWork = false;
  try {
    await post(form.dataset.renew, new FormData(), { form });
  } catch {
    // Offline: a draft that arrives later renews it as well.
    atWork = true;
  }
}

for (const sign of SIGNS) document.addEventListener(sign, () => (atWork = true), { passive: true, capture: true });
setInterval(renew, EVERY);
