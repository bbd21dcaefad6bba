"use strict";
// Everything can be read without this script: it shows the place of a line while it is pointed at, and copies.
document.addEventListener("DOMContentLoaded", () => {
  const show = (line, on) => {
    for (const part of document.querySelectorAll(`[data-line="${CSS.escape(line)}"]`)) part.classList.toggle("shown", on);
  };
  for (const part of document.querySelectorAll("[data-line]")) {
    const line = part.dataset.line;
    for (const event of ["pointerenter", "focus"]) part.addEventListener(event, () => show(line, true));
    for (const event of ["pointerleave", "blur"]) part.addEventListener(event, () => show(line, false));
  }
  for (const box of document.querySelectorAll("rect[data-line]")) {
    box.addEventListener("click", () => document.getElementById(`line-${box.dataset.line}`).focus());
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
      button.textContent = button.dataset.done;
    });
  }
});
