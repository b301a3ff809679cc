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

// byItself tells whether a part of the page asks for something without being told to.
function byItself(element) {
  return Boolean(element && /^(every|intersect)/.test(element.getAttribute('data-hx-trigger') || ''));
}

let leaving = false; // what is broken off by that is not lost

// The server is gone in the middle of something: what is on the page stays.
function tellLost(element) {
  const lost = document.querySelector('.lost');
  if (leaving || !lost || !lost.hidden) return;
  lost.hidden = false;
  lost.dataset.byItself = byItself(element);
  if (!byItself(element)) lost.scrollIntoView({block: 'nearest'});
}

// Only what was lost is found again.
function tellFound(element) {
  const lost = document.querySelector('.lost');
  if (lost && lost.dataset.byItself === String(byItself(element))) lost.hidden = true;
}

document.addEventListener('htmx:error', (event) => tellLost(event.detail.ctx && event.detail.ctx.sourceElement));
document.addEventListener('htmx:before:request', (event) => {
  const from = event.detail.ctx.sourceElement;
  if (byItself(from)) return;
  tellFound(from);
  document.body.classList.add('busy');
});

// What a server in trouble, or one before it, says in place of what was asked for
// takes nothing away. Who asks for too much, or is not signed in any more, is
// shown the page that says so.
document.addEventListener('htmx:before:swap', (event) => {
  const {ctx, tasks} = event.detail;
  const from = ctx.sourceElement;
  const found = !ctx.select || tasks.some((task) => task.fragment.childElementCount > 0);
  const broken = ctx.response.status >= 500;
  if (found && !(broken && !ctx.text.includes('<main id="main"'))) {
    tellFound(from);
    return;
  }
  event.preventDefault();
  if (broken) tellLost(from);
  else if (from instanceof HTMLFormElement) HTMLFormElement.prototype.submit.call(from);
  else if ((from.getAttribute('data-hx-trigger') || '').startsWith('every')) location.reload();
});
document.addEventListener('htmx:finally:request', () => document.body.classList.remove('busy'));

// A form that is sent the plain way says that it is on its way.
document.addEventListener('submit', () => document.body.classList.add('busy'));

// A page out of the browser's memory may be one of a session that is over.
window.addEventListener('pagehide', () => { leaving = true; });
window.addEventListener('pageshow', (event) => {
  leaving = false;
  document.body.classList.remove('busy');
  if (event.persisted) location.reload();
});
