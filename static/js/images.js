// Pictures dropped or pasted into a text that may show them: uploaded, then named in the text.

const fieldOf = (event) => event.target instanceof Element && event.target.closest("[data-images]");

const picturesOf = (transfer) => [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));

async function upload(field, files) {
  const body = new FormData();
  for (const file of files) body.append("uploads", file);
  body.append("csrfmiddlewaretoken", field.form.querySelector("[name=csrfmiddlewaretoken]").value);
  field.setAttribute("aria-busy", "true");
  try {
    const reply = await fetch(field.dataset.images, { method: "POST", body, headers: { Accept: "application/json" } });
    const said = await reply.json();
    if (!reply.ok) throw new Error(said.detail);
    insert(field, said.images.map((image) => image.markdown).join("\n"));
    field.setCustomValidity("");
  } catch (error) {
    field.setCustomValidity(error.message);
    field.reportValidity();
  } finally {
    field.removeAttribute("aria-busy");
  }
}

function insert(field, text) {
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

for (const [kind, source] of [["drop", "dataTransfer"], ["paste", "clipboardData"]]) {
  document.addEventListener(kind, (event) => {
    const field = fieldOf(event);
    const files = field ? picturesOf(event[source]) : [];
    if (!files.length) return;
    event.preventDefault();
    upload(field, files);
  });
}
