package control

import (
	"time"

	"github.com/reeve-cloud/reeve"
)

// liveToken is a gateway's token.
type liveToken struct {
	id, gateway reeve.ID
	until       int64 // Unix microseconds at which it ends; 0: never
}

func newLiveToken(t *reeve.GatewayToken) liveToken {
	out := liveToken{id: t.ID, gateway: t.GatewayID}
	if t.ExpiresAt != nil {
		out.until = t.ExpiresAt.UnixMicro()
	}
	return out
}

// live tells whether the token has not ended.
func (t *liveToken) live(now time.Time) bool { return t.until == 0 || now.UnixMicro() < t.until }

// gateway finds a token, also one that has ended.
func (l *live) gateway(hash reeve.TokenHash) (liveToken, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	token, ok := l.gateways[hash]
	return token, ok
}

// admits tells whether a gateway is still there and, if it is known by which of
// its tokens it came, whether that has not ended.
func (l *live) admits(caller *Caller, now time.Time) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if caller.token != (reeve.TokenHash{}) {
		token, ok := l.gateways[caller.token]
		return ok && token.gateway == caller.Actor.ID && token.live(now)
	}
	for _, token := range l.gateways {
		if token.gateway == caller.Actor.ID {
			return true
		}
	}
	return false
}

// putGateway takes a gateway's tokens in: it has no others.
func (l *live) putGateway(id reeve.ID, tokens ...reeve.GatewayToken) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for hash, token := range l.gateways {
		if token.gateway == id {
			delete(l.gateways, hash)
		}
	}
	for i := range tokens {
		l.gateways[tokens[i].Hash] = newLiveToken(&tokens[i])
	}
}

// addGatewayToken takes a token in.
func (l *live) addGatewayToken(t *reeve.GatewayToken) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gateways[t.Hash] = newLiveToken(t)
}
