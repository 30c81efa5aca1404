// Package collet_tool is what a tool in Go says to the server while it runs.
//
//	package main
//
//	import (
//		"fmt"
//
//		"collet_tool"
//	)
//
//	func main() {
//		var input struct{ Name string }
//		if err := collet_tool.Input(&input); err != nil {
//			panic(err)
//		}
//		collet_tool.Log("info", "Greeting "+input.Name, nil)
//		calls, _ := collet_tool.Memory.Increment("calls", 1)
//		collet_tool.Output(map[string]any{"greeting": "Hello, " + input.Name, "calls": calls})
//	}
package collet_tool

import (
	"encoding/json"
	"io"
	"os"
	"runtime"
	"unsafe"
)

//go:wasmimport collet request
//go:noescape
func send(message unsafe.Pointer, length uint32) uint32

//go:wasmimport collet reply
//go:noescape
func receive(reply unsafe.Pointer)

// Error is a request that was refused.
type Error struct {
	// Code is that of JSON-RPC, such as -32602 for wrong parameters.
	Code int `json:"code"`
	// Message has the words of the server.
	Message string `json:"message"`
	// Data is what came with them.
	Data json.RawMessage `json:"data,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// Input reads the arguments of the call into a value.
func Input(value any) error {
	bytes, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	return json.Unmarshal(bytes, value)
}

// Output writes a value as the result of the call.
func Output(value any) error {
	bytes, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(bytes)
	return err
}

// Request sends any message of the protocol, and gives its result.
func Request(method string, params any) (json.RawMessage, error) {
	if params == nil {
		params = struct{}{}
	}
	message, err := json.Marshal(map[string]any{"method": method, "params": params})
	if err != nil {
		return nil, err
	}
	reply := make([]byte, send(unsafe.Pointer(unsafe.SliceData(message)), uint32(len(message))))
	receive(unsafe.Pointer(unsafe.SliceData(reply)))
	runtime.KeepAlive(message)
	runtime.KeepAlive(reply)
	var answer struct {
		Result json.RawMessage `json:"result"`
		Error  *Error          `json:"error"`
	}
	if err := json.Unmarshal(reply, &answer); err != nil {
		return nil, err
	}
	if answer.Error != nil {
		return nil, answer.Error
	}
	return answer.Result, nil
}

// Log writes to the log of the client; levels are those of MCP: debug, info, notice, warning, error and above. Data may
// be nil.
func Log(level, message string, data any) {
	_, _ = Request("log", without(map[string]any{"level": level, "message": message, "data": data}))
}

// Progress tells how far the call has come; current must rise, and a total of 0 says that it is not known.
func Progress(current, total float64, message string) {
	params := map[string]any{"current": current, "message": message}
	if total > 0 {
		params["total"] = total
	}
	_, _ = Request("progress", params)
}

// Stream gives a piece of the result as it comes.
func Stream(text string) {
	_, _ = Request("stream", map[string]any{"data": text})
}

// CallTool calls another tool, and gives its value.
func CallTool(name string, arguments any) (json.RawMessage, error) {
	if arguments == nil {
		arguments = struct{}{}
	}
	return member("tools/call", map[string]any{"name": name, "arguments": arguments}, "output")
}

// ReadResource reads a resource: a list of {"uri", "mimeType", "text" or "blob" in base64}.
func ReadResource(uri string) (json.RawMessage, error) {
	return member("resources/read", map[string]any{"uri": uri}, "contents")
}

// Elicit asks the user for what a schema describes: {"action": "accept" | "decline" | "cancel", "content": {…}}.
func Elicit(message string, schema any) (json.RawMessage, error) {
	return Request("elicitation/create", map[string]any{"message": message, "requestedSchema": schema})
}

// Memory is what the tool remembers from one call to the next, for each caller apart.
var Memory memory

type memory struct{}

// Get gives a value as JSON; nil where there is none.
func (memory) Get(key string) (json.RawMessage, error) {
	value, err := member("memory/get", map[string]any{"key": key}, "value")
	if string(value) == "null" {
		value = nil
	}
	return value, err
}

// Set writes a value for good.
func (memory) Set(key string, value any) error {
	_, err := Request("memory/set", map[string]any{"key": key, "value": value})
	return err
}

// SetFor writes a value for some seconds.
func (memory) SetFor(key string, value any, seconds float64) error {
	_, err := Request("memory/set", map[string]any{"key": key, "value": value, "ttl": seconds})
	return err
}

// Delete removes a value; it tells whether it was there.
func (memory) Delete(key string) (bool, error) {
	deleted, err := member("memory/delete", map[string]any{"key": key}, "deleted")
	return string(deleted) == "true", err
}

// List lists the keys that begin with a prefix.
func (memory) List(prefix string) (keys []string, err error) {
	list, err := member("memory/list", map[string]any{"prefix": prefix}, "keys")
	if err == nil {
		err = json.Unmarshal(list, &keys)
	}
	return keys, err
}

// Increment adds to a whole number, atomically; it gives the sum.
func (memory) Increment(key string, by int64) (sum int64, err error) {
	value, err := member("memory/increment", map[string]any{"key": key, "by": by}, "value")
	if err == nil {
		err = json.Unmarshal(value, &sum)
	}
	return sum, err
}

func member(method string, params any, name string) (json.RawMessage, error) {
	result, err := Request(method, params)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(result, &members); err != nil {
		return nil, err
	}
	return members[name], nil
}

func without(params map[string]any) map[string]any {
	for name, value := range params {
		if value == nil {
			delete(params, name)
		}
	}
	return params
}
