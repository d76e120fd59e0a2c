module relais.exemple/partenaire

go 1.24.0

require (
	github.com/go-jose/go-jose/v4 v4.1.9
	github.com/standard-webhooks/standard-webhooks/libraries v0.0.1
)
