package client

// The names of the faces, as in Operation.Face.
const (
	FaceTenant   = "tenant"
	FaceOperator = "operator"
	FaceGateway  = "gateway"
)

// Operation describes one operation of a face, for programs that offer all
// of them.
type Operation struct {
	Face        string // tenant, operator or gateway
	ID          string // its operationId, once in a face
	Method      string // of HTTP
	Path        string // with {parameters}
	Tag         string
	Summary     string
	Description string
	Public      bool // needs no credential
	Params      []Param
	Body        *Body // nil: none

	Reply      string   // json, empty or stream
	Formats    []string // that the parameter format chooses from, the first by default; nil: only Reply
	MayBeEmpty bool     // a reply of JSON may be none
	Envelope   bool     // the reply is {"status","body"}; callers see what body holds

	Items   string   // the list that the reply is, if it is an object with one
	Cursor  string   // the query parameter that takes the reply's next
	Page    string   // the query parameter that takes a page's number, where the reply has a total_count
	Columns []string // of a list: the values of a row, those of objects in it as usage.bytes
}

// Param is a parameter of an operation.
type Param struct {
	Name        string
	In          string // path, query or header
	Type        string // string, integer, number or boolean; []string where it may be repeated
	Required    bool
	Description string
	Enum        []string
	Slashes     bool // its slashes are the path's
}

// Body is the JSON body of an operation.
type Body struct {
	Required bool
	Fields   []Field
}

// Field is a member of a body.
type Field struct {
	Name        string
	Type        string // string, integer, number, boolean, object or any; [] before it is a list
	Format      string // of a string, such as date-time
	Required    bool
	Description string
	Enum        []string
	Fields      []Field // of an object, or of the objects in a list
}

// FindOperation finds an operation by its face and id; nil if there is none.
func FindOperation(face, id string) *Operation {
	for _, op := range Operations {
		if op.Face == face && op.ID == id {
			return op
		}
	}
	return nil
}

// Param finds a parameter by its name; nil if there is none.
func (o *Operation) Param(name string) *Param {
	for i := range o.Params {
		if o.Params[i].Name == name {
			return &o.Params[i]
		}
	}
	return nil
}

// Field finds a member of the body by its name; nil if there is none.
func (o *Operation) Field(name string) *Field {
	if o.Body == nil {
		return nil
	}
	for i := range o.Body.Fields {
		if o.Body.Fields[i].Name == name {
			return &o.Body.Fields[i]
		}
	}
	return nil
}

// Writes tells whether the operation changes anything.
func (o *Operation) Writes() bool { return o.Method != "GET" && o.Method != "HEAD" }
