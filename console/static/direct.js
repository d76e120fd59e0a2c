// The figures of a page, renewed by the server: without this script, the page is as it was when it was asked for.
for (const shown of document.querySelectorAll("[data-flux]")) {
  const source = new EventSource(shown.dataset.flux);
  source.addEventListener("message", (said) => {
    const open = [...shown.querySelectorAll("details")].map((one) => one.open);
    // Who reads inside with the keyboard is not moved away.
    if (shown.contains(document.activeElement) && document.activeElement.matches("a, summary, [tabindex]")) return;
    shown.innerHTML = said.data;
    shown.querySelectorAll("details").forEach((one, place) => (one.open = open[place] ?? false));
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) document.querySelector("#coupure").hidden = false;
  });
  addEventListener("pagehide", () => source.close());
}
