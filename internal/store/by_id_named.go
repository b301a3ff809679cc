package store

import (
	"context"

	"github.com/reeve-cloud/reeve"
)

// OperatorsByID reads named operators.
func (r Reader) OperatorsByID(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.NamedOperator, error) {
	return byID(ctx, r, ids, "SELECT "+operatorColumns+" FROM operators WHERE id",
		func(row scanner) (reeve.ID, reeve.NamedOperator, error) {
			o, err := scanOperator(row)
			return o.ID, o, err
		})
}

// GatewaysByID reads gateways.
func (r Reader) GatewaysByID(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.Gateway, error) {
	return byID(ctx, r, ids, "SELECT "+gatewayColumns+" FROM gateways WHERE id",
		func(row scanner) (reeve.ID, reeve.Gateway, error) { g, err := scanGateway(row); return g.ID, g, err })
}

// APIKeysByID reads API keys.
func (r Reader) APIKeysByID(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.APIKey, error) {
	return byID(ctx, r, ids, "SELECT "+apiKeyColumns+" FROM api_keys WHERE id",
		func(row scanner) (reeve.ID, reeve.APIKey, error) { k, err := scanAPIKey(row); return k.ID, k, err })
}

// OrganizationKeysByID reads organisations' keys.
func (r Reader) OrganizationKeysByID(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.OrganizationKey, error) {
	return byID(ctx, r, ids, "SELECT "+organizationKeyColumns+" FROM organization_keys k WHERE k.id",
		func(row scanner) (reeve.ID, reeve.OrganizationKey, error) {
			k, err := scanOrganizationKey(row)
			return k.ID, k, err
		})
}

// StatementsByID reads final statements without their lines and settlements.
func (r Reader) StatementsByID(ctx context.Context, ids []reeve.ID) (map[reeve.ID]reeve.Statement, error) {
	return byID(ctx, r, ids, "SELECT "+statementColumns+" FROM statements s WHERE s.id",
		func(row scanner) (reeve.ID, reeve.Statement, error) {
			s, err := scanStatement(row)
			return s.ID, s, err
		})
}
