// The keys: j and k or the arrows move between messages, Enter and e open what
// is behind one, Escape closes it.

function go(step) {
  const here = document.activeElement.closest("article");
  const next = !here ? messages.firstElementChild : step > 0 ? here.nextElementSibling : here.previousElementSibling;
  if (!next) return false;
  next.focus({ preventScroll: true });
  // One that is taller than the screen is read from its beginning.
  next.scrollIntoView({ block: next.offsetHeight < innerHeight - 100 ? "nearest" : "start" });
  return true;
}

function toggle(here, kind) {
  const details = here && here.querySelector("details." + kind);
  if (details) details.open = !details.open;
  return Boolean(details);
}

function close(here) {
  if (!here) return false;
  for (const open of here.querySelectorAll("details[open]")) open.open = false;
  here.focus();
  return true;
}

document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
  const focused = document.activeElement;
  const here = focused.closest("article");
  const onArticle = focused === here;
  // In what can be scrolled, and on links and buttons, arrows and Enter are theirs.
  const does = {
    j: () => go(1), k: () => go(-1), e: () => toggle(here, "event"), Escape: () => close(here),
    ArrowDown: () => (onArticle || !here) && go(1), ArrowUp: () => onArticle && go(-1),
    Enter: () => onArticle && toggle(here, "raw"),
  };
  if (Object.hasOwn(does, e.key) && does[e.key]()) e.preventDefault();
});
