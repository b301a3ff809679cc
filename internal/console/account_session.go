package console

import (
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

var sessionsUp = append(accountUp[:1:1], link{Text: "Sessions", To: root + "account/sessions"})

// sessionName tells a session from the others, in words.
func sessionName(s control.OwnSession) string {
	return "the session from " + s.Address + " of " + timeText(s.CreatedAt)
}

func (v *visit) ownSessions() (*page, error) {
	sessions, err := v.control.ListOwnSessions(v.ctx, v.who.Actor.ID)
	if err != nil {
		return nil, err
	}
	t := &table{
		ID: "sessions", Caption: "Your sessions",
		Columns: []column{{Name: "Opened"}, {Name: "Last used"}, {Name: "From"}, {Name: "With"}, {Name: "State"}, {}},
	}
	for _, s := range sessions {
		is := text("")
		if s.Current {
			is = state("This one", "good")
		}
		t.Rows = append(t.Rows, []cell{
			moment(s.CreatedAt), moment(s.UsedAt), text(s.Address), text(s.Agent), is,
			doings(link{Text: "End", About: sessionName(s), To: to("account", "sessions", s.ID.TypeID(reeve.PrefixUserSession), "end"), Danger: true}),
		})
	}
	return &page{
		Title: "Sessions", Up: accountUp, Lead: "If you do not know one of these, end it and change your password.",
		Actions:  []link{{Text: "Sign out everywhere", To: to("account", "sessions", "end"), Danger: true}},
		Sections: []section{{Table: t}},
	}, nil
}

// ownSession finds a session of who is signed in; nobody's and another's look alike.
func (v *visit) ownSession() (control.OwnSession, error) {
	sessions, err := v.control.ListOwnSessions(v.ctx, v.who.Actor.ID)
	id := v.id("session", reeve.PrefixUserSession)
	for _, s := range sessions {
		if s.ID == id {
			return s, nil
		}
	}
	if err == nil {
		err = reeve.ErrDenied
	}
	return control.OwnSession{}, err
}

func (v *visit) askEndOwnSession() (*question, error) {
	s, err := v.ownSession()
	if err != nil {
		return nil, err
	}
	q := &question{
		Title: "End a session", Up: sessionsUp, Submit: "End the session", Danger: true, Back: sessionsUp[1].To,
		Facts:   []fact{{"Opened", moment(s.CreatedAt)}, {"Last used", moment(s.UsedAt)}, {"From", text(s.Address)}, {"With", text(s.Agent)}},
		Effects: []string{"Whoever uses it must sign in again."},
	}
	if s.Current {
		q.Effects = []string{"It is this one: you are signed out."}
	}
	return q, nil
}

func (v *visit) endOwnSession(values) (*outcome, error) {
	s, err := v.ownSession()
	if err != nil {
		return nil, err
	}
	out := &outcome{To: sessionsUp[1].To, Said: "The session is ended."}
	if s.Current {
		out.To, out.Said = to("sign-in"), "You are signed out."
	}
	return out, v.control.EndOwnSession(v.ctx, v.who.Actor.ID, s.ID)
}

func (v *visit) askEndOwnSessions() (*question, error) {
	sessions, err := v.control.ListOwnSessions(v.ctx, v.who.Actor.ID)
	q := &question{
		Title: "Sign out everywhere", Up: sessionsUp, Submit: "Sign out everywhere", Danger: true, Back: sessionsUp[1].To,
		Effects: []string{"Your " + strconv.Itoa(len(sessions)) + " sessions end, this one too.", "Organisation keys and API keys go on working."},
	}
	if len(sessions) == 1 {
		q.Effects[0] = "Your only session ends, which is this one."
	}
	return q, err
}

func (v *visit) endOwnSessions(values) (*outcome, error) {
	return &outcome{To: to("sign-in"), Said: "You are signed out everywhere."}, v.control.EndOwnSessions(v.ctx, v.who.Actor.ID)
}
