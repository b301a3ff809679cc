//go:build soak

package soak

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// Traefik and Envoy are in no Debian package. What stands for them here reads
// the example and sends what they send: Traefik's pkg/middlewares/auth and
// Envoy's source/extensions/filters/common/ext_authz, read at their sources.

// traefikExample is what the example's dynamic.yml says.
type traefikExample struct {
	HTTP struct {
		Routers map[string]struct {
			Middlewares []string
			Service     string
		}
		Middlewares map[string]struct {
			Headers *struct {
				CustomRequestHeaders map[string]string `yaml:"customRequestHeaders"`
			}
			ForwardAuth *struct {
				Address             string
				TrustForwardHeader  bool     `yaml:"trustForwardHeader"`
				AuthResponseHeaders []string `yaml:"authResponseHeaders"`
			} `yaml:"forwardAuth"`
		}
		Services map[string]struct {
			LoadBalancer struct{ Servers []struct{ URL string } } `yaml:"loadBalancer"`
		}
	}
}

// startTraefik runs the middlewares of the example in their order.
func startTraefik(t *testing.T, at places) string {
	text := example(t, "traefik/dynamic.yml")
	for name, value := range map[string]string{"REEVE_GATEWAY_TOKEN": at.token, "REEVE_GATEWAY": at.reeve, "SERVICE": at.service} {
		text = strings.ReplaceAll(text, `{{ env "`+name+`" }}`, value)
	}
	var config traefikExample
	check(t, yaml.Unmarshal([]byte(text), &config))
	router := config.HTTP.Routers["service"]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// An entry point that trusts nobody drops these.
		for _, name := range []string{"X-Forwarded-Method", "X-Forwarded-Uri", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
			r.Header.Del(name)
		}
		removeHopByHop(r.Header) // before the middlewares, since 2.4.13 (CVE-2021-32813)
		for _, name := range router.Middlewares {
			middleware := config.HTTP.Middlewares[name]
			if headers := middleware.Headers; headers != nil {
				for name, value := range headers.CustomRequestHeaders {
					r.Header.Del(name)
					if value != "" {
						r.Header.Set(name, value)
					}
				}
			}
			if auth := middleware.ForwardAuth; auth != nil {
				out, err := http.NewRequestWithContext(r.Context(), "GET", auth.Address, nil)
				check(t, err)
				out.Header = r.Header.Clone()
				out.Header.Set("X-Forwarded-Method", r.Method)
				out.Header.Set("X-Forwarded-Uri", r.URL.RequestURI())
				answer, ok := authorize(w, out)
				if !ok {
					return
				}
				for _, name := range auth.AuthResponseHeaders {
					r.Header.Del(name)
					r.Header[http.CanonicalHeaderKey(name)] = answer[http.CanonicalHeaderKey(name)]
				}
			}
		}
		forward(t, w, r, config.HTTP.Services[router.Service].LoadBalancer.Servers[0].URL+r.URL.RequestURI())
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// pattern is one of Envoy's string matchers.
type pattern struct {
	Exact, Prefix string
}

type patterns struct{ Patterns []pattern }

func (p patterns) match(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(p.Patterns, func(p pattern) bool {
		return p.Exact != "" && p.Exact == name || p.Prefix != "" && strings.HasPrefix(name, p.Prefix)
	})
}

// extAuthz is the filter's configuration.
type extAuthz struct {
	AllowedHeaders patterns `yaml:"allowed_headers"`
	HTTPService    struct {
		PathPrefix string               `yaml:"path_prefix"`
		ServerURI  struct{ URI string } `yaml:"server_uri"`
		Request    struct {
			HeadersToAdd []struct{ Key, Value string } `yaml:"headers_to_add"`
		} `yaml:"authorization_request"`
		Response struct {
			Upstream patterns `yaml:"allowed_upstream_headers"`
		} `yaml:"authorization_response"`
	} `yaml:"http_service"`
}

// envoyExample is what the example says, as far as it matters here.
type envoyExample struct {
	Static struct {
		Listeners []struct {
			Chains []struct {
				Filters []struct {
					Config struct {
						Routes struct {
							Hosts []struct {
								Remove []string `yaml:"request_headers_to_remove"`
							} `yaml:"virtual_hosts"`
						} `yaml:"route_config"`
						Filters []struct {
							Name   string
							Config extAuthz `yaml:"typed_config"`
						} `yaml:"http_filters"`
					} `yaml:"typed_config"`
				}
			} `yaml:"filter_chains"`
		}
	} `yaml:"static_resources"`
}

// startEnvoy asks as the example's filter does, and lets pass what it allows.
func startEnvoy(t *testing.T, at places) string {
	reeveHost, reevePort := host(t, at.reeve)
	serviceHost, servicePort := host(t, at.service)
	var config envoyExample
	check(t, yaml.Unmarshal([]byte(substitute(t, example(t, "envoy/envoy.yaml.template"), map[string]string{
		"LISTEN_PORT": "8000", "REEVE_GATEWAY_HOST": reeveHost, "REEVE_GATEWAY_PORT": reevePort, "REEVE_GATEWAY_TOKEN": at.token,
		"SERVICE_HOST": serviceHost, "SERVICE_PORT": servicePort,
	})), &config))
	manager := config.Static.Listeners[0].Chains[0].Filters[0].Config
	filter := manager.Filters[0].Config
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := http.NewRequestWithContext(r.Context(), r.Method, filter.HTTPService.ServerURI.URI, nil)
		check(t, err)
		out.URL.Opaque = filter.HTTPService.PathPrefix + r.RequestURI // as it came
		out.Host = r.Host
		for name, values := range r.Header {
			if name == "Authorization" || filter.AllowedHeaders.match(name) {
				out.Header.Set(name, strings.Join(values, ","))
			}
		}
		for _, header := range filter.HTTPService.Request.HeadersToAdd {
			out.Header.Set(header.Key, header.Value)
		}
		answer, ok := authorize(w, out)
		if !ok {
			return
		}
		for name, values := range answer {
			if filter.HTTPService.Response.Upstream.match(name) {
				r.Header[name] = values
			}
		}
		for _, name := range manager.Routes.Hosts[0].Remove {
			r.Header.Del(name)
		}
		r.Header.Del("Connection")
		forward(t, w, r, "http://"+at.service+r.RequestURI)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// authorize asks, and passes anything but a success on to the client.
func authorize(w http.ResponseWriter, out *http.Request) (http.Header, bool) {
	answer, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return nil, false
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusOK {
		return answer.Header, true
	}
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body)
	return nil, false
}

// forward sends a request on to the service.
func forward(t *testing.T, w http.ResponseWriter, r *http.Request, target string) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, target, r.Body)
	check(t, err)
	out.Header, out.ContentLength = r.Header.Clone(), r.ContentLength
	answer, err := http.DefaultTransport.RoundTrip(out)
	check(t, err)
	defer func() { _ = answer.Body.Close() }()
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body)
}
