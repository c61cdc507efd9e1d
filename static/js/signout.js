// Signing out leaves nothing of a person's work in this browser; where some of it has not
// reached the server they are asked first.
//
//   <form method="post" data-sign-out="USER-ID" data-unsent-text="…">

import { copiesOf, forgetPerson, sendAllOf } from "./outbox.js";

/** Before app.js asks: whatever can still be sent is. */
async function onOpen(event) {
  const form = event.target.querySelector?.("form[data-sign-out]");
  if (form && copiesOf(form.dataset.signOut).length) await sendAllOf(form.dataset.signOut);
}

function onSubmit(event) {
  const form = event.target;
  if (form.dataset.signOut === undefined) return;
  if (copiesOf(form.dataset.signOut).length) form.dataset.confirm = form.dataset.unsentText;
  else delete form.dataset.confirm;
}

document.addEventListener("toggle", onOpen, { capture: true });
// On the window, so before the question that app.js asks.
window.addEventListener("submit", onSubmit, { capture: true });
document.addEventListener("submit", (event) => {
  const user = event.target.dataset.signOut;
  if (user === undefined || event.defaultPrevented) return;
  // First, so that nothing is written down on the way out.
  document.dispatchEvent(new Event("person:leave"));
  forgetPerson(user);
});
