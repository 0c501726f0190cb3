// Command prometheus is the part of Prometheus 3 that decides whether a dashboard shows anything: its OTLP receiver, which
// makes series of metrics, its storage, and PromQL. It has neither discovery nor a user interface.
//
//	prometheus ADDRESS DIRECTORY
//
// It listens on ADDRESS and keeps its data in DIRECTORY:
//
//	POST /api/v1/otlp/v1/metrics  metrics, as OTLP
//	POST /query                   a PromQL expression; the answer is a Result
//	POST /record?name=NAME        a PromQL expression, whose result becomes series of this name
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb"
)

// lookback is for how long a sample is the present value of its series: the default.
const lookback = 5 * time.Minute

// configuration is as much of that of grafana/otel-lgtm as says what series are called and which labels they have.
const configuration = `
otlp:
  keep_identifying_resource_attributes: true
  promote_resource_attributes: [service.instance.id, service.name, service.namespace, service.version, deployment.environment.name]
`

// Result is what an expression gives now.
type Result struct {
	Samples   int      // that are numbers
	Empty     []string // selectors in it that select nothing
	Exemplars int      // of what it selects
	Names     []string // of series that it gives
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "prometheus:", err)
		os.Exit(1)
	}
}

func run(address, directory string) error {
	logger := promslog.New(&promslog.Config{Writer: os.Stderr})
	cfg, err := config.Load(configuration, logger)
	if err != nil {
		return err
	}
	options := tsdb.DefaultOptions()
	options.EnableExemplarStorage, options.MaxExemplars = true, 100_000
	// As in grafana/otel-lgtm, samples may come out of order. Those of target_info can: the metrics of a service and the span
	// metrics of the collector both lead to them. Two values at the same time are still refused.
	options.OutOfOrderTimeWindow = (10 * time.Minute).Milliseconds()
	db, err := tsdb.Open(directory, logger, nil, options, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	s := &server{db, parser.NewParser(parser.Options{}), promql.NewEngine(promql.EngineOpts{
		Logger: logger, MaxSamples: 1_000_000, Timeout: time.Minute, LookbackDelta: lookback,
	})}
	mux := http.NewServeMux()
	receiver := remote.NewOTLPWriteHandler(logger, nil, db, func() config.Config { return *cfg }, remote.OTLPOptions{LookbackDelta: lookback})
	mux.Handle("POST /api/v1/otlp/v1/metrics", said(receiver))
	mux.HandleFunc("POST /query", answer(logger, s.query))
	mux.HandleFunc("POST /record", answer(logger, s.record))
	mux.HandleFunc("GET /-/ready", func(http.ResponseWriter, *http.Request) {})
	return http.ListenAndServe(address, mux)
}

// said has what a handler refuses, and why, on standard output.
func said(handler http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, r)
		if recorder.Code >= http.StatusBadRequest {
			fmt.Printf("refused: %d %s", recorder.Code, recorder.Body)
		}
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(recorder.Body.Bytes()) // the client is gone
	}
}

// answer returns the handler for an expression.
func answer(logger *slog.Logger, handle func(r *http.Request, expression string) (Result, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		expression, err := io.ReadAll(r.Body)
		var result Result
		if err == nil {
			result, err = handle(r, string(expression))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := json.NewEncoder(w).Encode(result); err != nil {
			logger.Error("answer", "error", err)
		}
	}
}

type server struct {
	db     *tsdb.DB
	parser parser.Parser
	engine *promql.Engine
}

func (s *server) query(r *http.Request, expression string) (Result, error) {
	parsed, err := s.parser.ParseExpr(expression)
	if err != nil {
		return Result{}, err
	}
	samples, err := s.eval(r.Context(), expression)
	if err != nil {
		return Result{}, err
	}
	var result Result
	for _, sample := range samples {
		if sample.H != nil || !math.IsNaN(sample.F) && !math.IsInf(sample.F, 0) {
			result.Samples++
		}
		if name := sample.Metric.Get(labels.MetricName); !slices.Contains(result.Names, name) {
			result.Names = append(result.Names, name)
		}
	}
	var errs []error
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			found, err := s.eval(r.Context(), selector.String())
			if len(found) == 0 {
				result.Empty = append(result.Empty, selector.String())
			}
			errs = append(errs, err)
			n, err := s.exemplars(r.Context(), selector.LabelMatchers)
			result.Exemplars += n
			errs = append(errs, err)
		}
		return nil
	})
	return result, errors.Join(errs...)
}

// eval evaluates an expression now.
func (s *server) eval(ctx context.Context, expression string) (promql.Vector, error) {
	query, err := s.engine.NewInstantQuery(ctx, s.db, nil, expression, time.Now())
	if err != nil {
		return nil, err
	}
	defer query.Close()
	result := query.Exec(ctx)
	if scalar, err := result.Scalar(); err == nil {
		return promql.Vector{{F: scalar.V}}, nil
	}
	return result.Vector()
}

func (s *server) exemplars(ctx context.Context, matchers []*labels.Matcher) (n int, err error) {
	querier, err := s.db.ExemplarQuerier(ctx)
	if err != nil {
		return 0, err
	}
	found, err := querier.Select(0, math.MaxInt64, matchers)
	for _, series := range found {
		n += len(series.Exemplars)
	}
	return n, err
}

// record keeps the result of a recording rule.
func (s *server) record(r *http.Request, expression string) (Result, error) {
	samples, err := s.eval(r.Context(), expression)
	if err != nil {
		return Result{}, err
	}
	appender := s.db.Appender(r.Context())
	for _, sample := range samples {
		series := labels.NewBuilder(sample.Metric).Set(labels.MetricName, r.FormValue("name")).Labels()
		if _, err := appender.Append(0, series, time.Now().UnixMilli(), sample.F); err != nil {
			return Result{}, errors.Join(err, appender.Rollback())
		}
	}
	return Result{Samples: len(samples)}, appender.Commit()
}
