// Does what the field "action" of its arguments says.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"
	"unicode/utf8"

	"collet_tool"

	"github.com/google/uuid"
)

type arguments struct {
	Action string
	Value  any
	Text   string
	Path   string
	Name   string
}

func main() {
	var given arguments
	if err := collet_tool.Input(&given); err != nil {
		fail(err)
	}
	answer, err := act(given)
	if err != nil {
		fail(err)
	}
	if err := collet_tool.Output(answer); err != nil {
		fail(err)
	}
}

func act(given arguments) (map[string]any, error) {
	switch given.Action {
	case "echo":
		points := utf8.RuneCountInString(given.Text)
		return map[string]any{"value": given.Value, "text": given.Text, "points": points}, nil
	case "size":
		return map[string]any{"bytes": len(given.Text), "text": given.Text}, nil
	case "exit":
		fmt.Fprintln(os.Stderr, "it was asked for\nthe reason is é🎉")
		os.Exit(3)
	case "trap":
		panic("it was asked to panic")
	case "loop":
		for {
		}
	case "memory":
		var all [][]byte
		for {
			piece := make([]byte, 1<<20)
			for i := range piece {
				piece[i] = 1
			}
			all = append(all, piece)
		}
	case "write":
		err := os.WriteFile(given.Path, []byte(given.Text), 0o644)
		return map[string]any{"written": len(given.Text)}, err
	case "read":
		bytes, err := os.ReadFile(given.Path)
		return map[string]any{"text": string(bytes)}, err
	case "env":
		value, isSet := os.LookupEnv(given.Name)
		if !isSet {
			return map[string]any{"value": nil}, nil
		}
		return map[string]any{"value": value}, nil
	case "random":
		bytes := make([]byte, 8)
		_, err := rand.Read(bytes)
		return map[string]any{"random": hex.EncodeToString(bytes)}, err
	case "clock":
		return map[string]any{"ms": time.Now().UnixMilli()}, nil
	case "package":
		return map[string]any{"package": uuid.NewSHA1(uuid.NameSpaceDNS, []byte("x")).String()}, nil
	case "help":
		return help()
	}
	return nil, fmt.Errorf("there is no action %q", given.Action)
}

func help() (map[string]any, error) {
	collet_tool.Log("warning", "helping é🎉", nil)
	collet_tool.Progress(1, 2, "half")
	calls, err := collet_tool.Memory.Increment("calls", 1)
	if err != nil {
		return nil, err
	}
	pong, err := collet_tool.CallTool("ping", nil)
	return map[string]any{"calls": calls, "pong": json.RawMessage(pong)}, err
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
