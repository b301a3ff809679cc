// Package console is reeve in a browser: server-rendered pages with two faces,
// the tenants' on the tenant listener and the operators' on the operator
// listener. It holds no rule of its own: each page turns one or a few calls of
// control into HTML, and each form is one call back.
//
// A page is a value (see page) of titles, facts, tables, charts and forms, which
// a handful of templates show; so that every table can be had as CSV, every form
// is safe to send twice, and nothing reaches a browser unescaped. All works
// without JavaScript; with it, htmx saves reloads.
package console
