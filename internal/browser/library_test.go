package browser

// library is what person asks of a page: the same words that people see, and
// that screen readers read.
const library = `{
	words(e) { return (e.getAttribute('aria-label') || e.textContent).replace(/\s+/g, ' ').trim(); },
	seen(e) { return e.checkVisibility() && e.getClientRects().length > 0; },
	root() { return document.querySelector('main') || document.body; },
	label(e) {
		const labels = [...(e.labels || [])].map((l) => this.words(l)).concat(e.getAttribute('aria-label') || []);
		return labels.map((l) => l.replace(/ \(required\)$/, '')).join(' ');
	},
	all(kind) {
		const selector = {
			clickable: 'a[href], button, summary',
			field: 'input:not([type=hidden], [type=checkbox], [type=radio]), textarea, select',
			box: 'input[type=checkbox], input[type=radio]',
		}[kind];
		const name = kind === 'clickable' ? (e) => this.words(e) : (e) => this.label(e);
		const inside = [...this.root().querySelectorAll(selector)];
		const outside = [...document.querySelectorAll(selector)].filter((e) => !inside.includes(e));
		return inside.concat(outside).filter((e) => this.seen(e)).map((e) => [e, name(e)]);
	},
	get(kind, name) {
		const all = this.all(kind);
		const found = all.find(([, n]) => n === name) || all.find(([, n]) => n.startsWith(name));
		return found && found[0];
	},
	find(kind, name) {
		const e = this.get(kind, name);
		if (!e) return 'there are ' + this.all(kind).map(([, n]) => n).join(', ');
		e.scrollIntoView({block: 'center', behavior: 'instant'});
		if (kind === 'field') { e.focus(); if (e.select) e.select(); }
		const r = e.getClientRects()[0];
		return JSON.stringify({x: r.x + Math.min(r.width / 2, 40), y: r.y + r.height / 2});
	},
	choose(label, option) {
		const e = this.get('field', label);
		const found = e && [...e.options].find((o) => o.text.trim() === option || o.value === option);
		if (!found) throw new Error('no option ' + option + ' of ' + label);
		e.value = found.value;
		e.dispatchEvent(new Event('input', {bubbles: true}));
		e.dispatchEvent(new Event('change', {bubbles: true}));
		return '';
	},
	value(label) { const e = this.get('field', label); return e ? e.value : 'no field ' + label; },
	text() { return document.body ? document.body.innerText.replace(/[ \t\u00a0]+/g, ' ') : ''; },
	title() { const e = document.querySelector('h1'); return e ? this.words(e) : document.title; },
	where() { return location.pathname + location.search; },
	focused() {
		const e = document.activeElement;
		return e.matches('input, textarea, select') ? this.label(e) : this.words(e);
	},
	mark() { const e = document.querySelector('h1'); if (e) e.dataset.seen = ''; return ''; },
	unmark() { const e = document.querySelector('h1'); if (e) delete e.dataset.seen; return ''; },
	settled() {
		if (document.readyState !== 'complete') return document.readyState;
		if (!document.querySelector('h1') || document.querySelector('h1[data-seen]')) return 'the page before';
		if (document.body.matches('.busy')) return 'busy';
		return [...document.images].every((i) => i.complete) ? 'yes' : 'pictures';
	},
	shape() {
		const classes = [...document.querySelectorAll('body *')].map((e) => e.localName + '.' + [...e.classList].sort().join('.'));
		return [...new Set(classes)].sort().join(' ');
	},
	cookies() { return document.cookie; },
	brand() { const e = document.querySelector('.brand'); return e ? e.textContent : ''; },
}`
