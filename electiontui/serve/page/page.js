// Before textual.js, which looks for the socket's address once the page has loaded.
document.addEventListener("DOMContentLoaded", () => {
  // Beside this page, whichever name, port or proxy it was reached by.
  const socket = new URL("ws", location.href);
  socket.protocol = socket.protocol.replace("http", "ws");
  const terminal = document.getElementById("terminal");
  terminal.dataset.sessionWebsocketUrl = socket.href;
  const size = Number(new URLSearchParams(location.search).get("fontsize"));
  if (size >= 6 && size <= 40) terminal.dataset.fontSize = String(size);
  document.getElementById("again").addEventListener("click", () => location.reload());

  // Keys go to the dashboard from its first picture on, unless the page is framed by another that has them.
  new MutationObserver((_, observer) => {
    if (!document.body.classList.contains("-first-byte")) return;
    observer.disconnect();
    if (window.parent === window) terminal.querySelector("textarea").focus();
  }).observe(document.body, { attributeFilter: ["class"] });
});
