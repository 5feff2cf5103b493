// Folded boxes: a screen reader hears which one a button unfolds ("Solution: Exercise (Ten filters)"),
// and not "Toggle hidden content" each time.
addEventListener("load", () => {
  let exercise = "";
  for (const title of document.querySelectorAll("article .admonition-title")) {
    const name = title.innerText.trim();
    const button = title.querySelector(".toggle-button");
    if (title.parentElement.matches(".exercise")) exercise = name;
    button?.setAttribute("aria-label", title.parentElement.matches(".solution") ? `${name}: ${exercise}` : name);
  }
});
// The theme lets the keyboard scroll code and tables that are wider than the page. Which ones are
// it sees when the page has loaded or its size changes: when a box unfolds, it must look again.
addEventListener("click", ({ target }) => {
  if (target.closest(".admonition-title, summary")) dispatchEvent(new Event("resize"));
});
