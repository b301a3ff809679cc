// Package web speaks HTTP for the faces: it decodes typed input, encodes
// replies and errors, authenticates by the face's rule before anything else,
// keeps one record and one metric per request, and derives the face's OpenAPI
// document from the same values that register its routes. It knows no use case.
//
// A face makes an API with New, registers each operation with Handle and
// serves the API as an http.Handler. Registration happens before the first
// request and panics on a mistake; serving never does.
package web
