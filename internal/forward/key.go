package forward

import (
	"encoding/base64"
	"strings"
)

// key finds the client's key: a bearer token, an X-Api-Key, or the password of
// HTTP Basic, whose user name may be anything. One key may be shown in two
// ways; two keys are refused, for the service behind may read the other one.
func key(header Header) (string, error) {
	authorization, apiKey := header["Authorization"], header["X-Api-Key"]
	if len(authorization) > 1 || len(apiKey) > 1 {
		return "", errManyKeys
	}
	var out string
	if len(authorization) == 1 {
		out = credential(authorization[0])
	}
	if len(apiKey) == 1 {
		other := strings.TrimSpace(apiKey[0])
		if out != "" && other != "" && out != other {
			return "", errManyKeys
		}
		if out == "" {
			out = other
		}
	}
	if out == "" {
		return "", ErrNoKey
	}
	return out, nil
}

// credential gives the key in a value of Authorization; "" if there is none.
// Another scheme's credential is an affair of the service behind the proxy.
func credential(value string) string {
	scheme, rest, _ := strings.Cut(value, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return rest
	case strings.EqualFold(scheme, "Basic"):
		text, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return ""
		}
		_, password, _ := strings.Cut(string(text), ":")
		return password
	}
	return ""
}
