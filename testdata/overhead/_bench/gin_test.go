package overhead

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"

	"shop/internal/httpserver"
)

const stockName = "otelgin"

func get(c *gin.Context) { answer(c.Writer, c.Param("id")) }

func bare() http.Handler { return engine() }

func stock() http.Handler { return engine(otelgin.Middleware("")) }

func engine(middleware ...gin.HandlerFunc) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(middleware...)
	engine.GET("/orders/:id", get)
	return engine
}

func router() http.Handler {
	router := httpserver.NewRouter()
	router.GET("/orders/:id", get)
	return router
}
