// Takes the secret of a QR code from behind the # of the address, out of the address bar, and sends it.

function sendWhatWasScanned() {
  const form = document.querySelector("form[data-verify]");
  const scanned = location.hash.slice(1);
  if (!form || !scanned) return;
  history.replaceState(null, "", location.pathname);
  form.elements.code.value = scanned;
  form.requestSubmit();
}

sendWhatWasScanned();
window.addEventListener("hashchange", sendWhatWasScanned);
