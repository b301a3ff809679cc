// What the console adds where there is JavaScript; nothing needs it.
'use strict';

// A link's token stands in the fragment, which browsers send to nobody: it is
// put into the form, and out of the address. A form that asks for nothing else is
// sent.
function takeToken(root) {
  const field = root.querySelector('[data-token]');
  if (!field || !location.hash.startsWith('#reeve_')) return;
  field.value = location.hash.slice(1);
  history.replaceState(history.state, '', location.pathname + location.search);
  if (field.form.querySelectorAll('input:not([type=hidden])').length === 1) field.form.requestSubmit();
}

function prepare(root) {
  takeToken(root);
  for (const button of root.querySelectorAll('[data-copy]')) {
    button.hidden = !navigator.clipboard;
    button.addEventListener('click', async () => {
      const field = button.parentElement.querySelector('[data-secret]');
      try {
        await navigator.clipboard.writeText(field.value);
        button.textContent = 'Copied';
      } catch { // the browser does not allow it
        field.focus();
        field.select();
        button.textContent = 'Not copied: press Ctrl+C';
      }
    });
  }
  for (const field of root.querySelectorAll('[data-secret]')) {
    field.addEventListener('focus', () => field.select());
  }
}

document.addEventListener('DOMContentLoaded', () => prepare(document));
window.addEventListener('hashchange', () => takeToken(document));

// A page that was swapped in is read from its top: from what went wrong, if
// something did.
document.addEventListener('htmx:after:swap', (event) => {
  prepare(document);
  const ctx = event.detail && event.detail.ctx;
  if (ctx && ctx.target === document.body) {
    const first = document.querySelector('form .wrong[role=alert]') || document.querySelector('h1');
    if (first) first.focus();
  }
});

function keepsUpToDate(element) {
  return element && (element.getAttribute('data-hx-trigger') || '').startsWith('every');
}

// The server is gone in the middle of something: the form stays as it is.
function tellLost() {
  const lost = document.querySelector('.lost');
  if (lost) {
    lost.hidden = false;
    lost.scrollIntoView({block: 'nearest'});
  }
}

document.addEventListener('htmx:error', tellLost);
document.addEventListener('htmx:before:request', (event) => {
  const from = event.detail.ctx.sourceElement;
  if (keepsUpToDate(from)) return;
  const lost = document.querySelector('.lost');
  if (lost) lost.hidden = true;
  document.body.classList.add('busy');
});

// A part that was asked for by itself and is not in the answer stays: the server
// is in trouble, or it is the page that says why there is none.
document.addEventListener('htmx:before:swap', (event) => {
  const {ctx, tasks} = event.detail;
  const lost = document.querySelector('.lost');
  if (!ctx.select || tasks.some((task) => task.fragment.childElementCount > 0)) {
    if (lost) lost.hidden = true;
    return;
  }
  event.preventDefault();
  if (ctx.response.status >= 500) tellLost();
  else if (keepsUpToDate(ctx.sourceElement)) location.reload();
});
document.addEventListener('htmx:finally:request', () => document.body.classList.remove('busy'));

// A form that is sent the plain way says that it is on its way.
document.addEventListener('submit', () => document.body.classList.add('busy'));

// A page out of the browser's memory may be one of a session that is over.
window.addEventListener('pageshow', (event) => {
  document.body.classList.remove('busy');
  if (event.persisted) location.reload();
});
