package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// The errors that end a question without an answer.
var (
	errBack  = errors.New("otelgen: the question before, please")
	errEnded = errors.New("otelgen: the input has ended; nothing has been written")
)

// interruptedError says that a signal, or the key that stands for it, has ended
// a command.
type interruptedError struct{ signal syscall.Signal }

func (e interruptedError) Error() string {
	if e.signal == syscall.SIGINT {
		return "otelgen: interrupted; nothing has been written"
	}
	return fmt.Sprintf("otelgen: ended by a signal (%v); nothing has been written", e.signal)
}

// keys is what is typed on a terminal. Read returns one key at a time, so that
// what is typed ahead is there for the question that it is meant for, and a key
// that ends the question, or a signal, as an error.
type keys struct {
	*os.File
	pending []byte
	reading chan []byte // has what the present read of the terminal returns; nil if there is none
	signals chan os.Signal
	resizes chan os.Signal
}

func readKeys(file *os.File) *keys {
	k := &keys{File: file, signals: make(chan os.Signal, 1), resizes: make(chan os.Signal, 1)}
	signal.Notify(k.signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	notifyOfResizes(k.resizes)
	return k
}

// Close leaves signals and the terminal to others.
func (k *keys) Close() error {
	signal.Stop(k.signals)
	signal.Stop(k.resizes)
	return nil
}

// The keys that end a question.
const (
	interrupt = 'C' - '@' // Ctrl-C
	end       = 'D' - '@' // Ctrl-D
	escape    = 0x1b
)

// sequencePause is how long the rest of an escape sequence may take. Without
// one, the key is Esc itself.
const sequencePause = 50 * time.Millisecond

// Read implements io.Reader.
func (k *keys) Read(p []byte) (int, error) {
	for {
		key, whole := firstKey(k.pending)
		if !whole {
			more, err := k.more()
			switch {
			case err != nil:
				return 0, err
			case more != nil:
				k.pending = append(k.pending, more...)
				continue
			}
			key = k.pending // the pause is over, and the rest of the sequence does not come
		}
		k.pending = k.pending[len(key):]
		switch {
		case key[0] == interrupt:
			return 0, interruptedError{syscall.SIGINT}
		case key[0] == end:
			return 0, errEnded
		case len(key) == 1 && key[0] == escape:
			return 0, errBack
		case key[0] != escape || understood.Match(key):
			return copy(p, key), nil
		}
	}
}

// firstKey returns the bytes of the first key, or reports that more of them may
// come.
func firstKey(typed []byte) (key []byte, whole bool) {
	switch {
	case len(typed) == 0:
		return nil, false
	case typed[0] == escape && len(typed) > 1 && typed[1] < ' ': // Esc, and then another key
		return typed[:1], true
	case typed[0] == escape:
		key := sequence.Find(typed)
		return key, key != nil
	case !utf8.FullRune(typed):
		return nil, false
	}
	_, size := utf8.DecodeRune(typed)
	return typed[:size], true
}

var (
	// sequence is what a terminal sends for one key beside letters: ECMA-48, 5.4.
	sequence = regexp.MustCompile(`^\x1b(\[[0-?]*[ -/]*[@-~]|O[ -~]|[^\[O])`)
	// understood are those that mean something to a question: arrows, Home, End,
	// Delete, and where the cursor is.
	understood = regexp.MustCompile(`^\x1b([\[O][ABCDHF]|\[3~|\[\d+;\d+R)$`)
)

// redraw is a key that changes nothing, after which the question is redrawn.
const redraw = "\x00"

// more waits for more input. It returns nil if there is a part of a key and the
// rest does not come.
func (k *keys) more() ([]byte, error) {
	if k.reading == nil {
		reading := make(chan []byte, 1)
		k.reading = reading
		go func() {
			buffer := make([]byte, 1024)
			n, _ := k.File.Read(buffer) // no bytes: it has ended
			reading <- buffer[:n]
		}()
	}
	var pause <-chan time.Time
	if len(k.pending) > 0 {
		pause = time.After(sequencePause)
	}
	select {
	case read := <-k.reading:
		k.reading = nil
		if len(read) == 0 {
			return nil, errEnded
		}
		return read, nil
	case s := <-k.signals:
		number, _ := s.(syscall.Signal) // all of them are
		return nil, interruptedError{number}
	case <-k.resizes:
		return []byte(redraw), nil
	case <-pause:
		return nil, nil
	}
}

// screen is where questions are drawn. It answers what survey asks a terminal:
// where the cursor is. Some terminals, and what only looks like one, never do,
// and survey waits for ever.
type screen struct {
	*os.File
	keys   *keys
	column int  // of the cursor, from 0
	corner bool // the cursor is sent to the corner, to learn the size
}

const whereIsCursor = "\x1b[6n"

// Write implements io.Writer.
func (s *screen) Write(p []byte) (int, error) {
	if string(p) == whereIsCursor {
		s.answer()
		return len(p), nil
	}
	s.follow(p)
	return s.File.Write(p)
}

// answer answers as a terminal would: with line and column, from 1. A line is
// reserved below the question, so the cursor is never in the last one.
func (s *screen) answer() {
	columns, rows, err := term.GetSize(int(s.Fd()))
	if err != nil || columns == 0 {
		columns, rows = 80, 24
	}
	at := fmt.Sprintf("\x1b[%d;%dR", 1, s.column%columns+1)
	if s.corner {
		at = fmt.Sprintf("\x1b[%d;%dR", max(rows, 2), columns)
	}
	s.keys.pending = append([]byte(at), s.keys.pending...)
}

var (
	toCorner   = []byte("\x1b[999;999f")
	toSaved    = []byte("\x1b8")
	invisible  = regexp.MustCompile(`\x1b(\[[0-?]*[ -/]*[@-~]|.)`)
	beginsLine = regexp.MustCompile(`[\r\n]|\x1b\[[01]?G`)
)

// follow notes where the cursor is after p.
func (s *screen) follow(p []byte) {
	switch {
	case bytes.Equal(p, toCorner):
		s.corner = true
		return
	case bytes.Equal(p, toSaved):
		s.corner = false
		return
	}
	if at := beginsLine.FindAllIndex(p, -1); at != nil {
		p, s.column = p[at[len(at)-1][1]:], 0
	}
	s.column += utf8.RuneCount(invisible.ReplaceAll(p, nil))
}
