package gatewayapi

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

const bucketPath = "/gateway/projects/{project}/buckets/{bucket}"

func (a *api) buckets(out *web.API) {
	web.Handle(out, web.Op{
		Method: "PUT", Path: bucketPath, ID: "takeBucket", Tag: "limits",
		Summary:     "Take a place under the project's bucket limit",
		Description: "Before the bucket is created. It may be repeated: who has a place keeps it.",
		Errors:      []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Exhausted},
	}, a.takeBucket)
	web.Handle(out, web.Op{
		Method: "DELETE", Path: bucketPath, ID: "giveBackBucket", Tag: "limits",
		Summary:     "Give a bucket's place back",
		Description: "After the bucket is deleted.",
		Errors:      []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.giveBackBucket)
}

type bucketIn struct {
	Project projectID `path:"project"`
	Bucket  string    `path:"bucket" doc:"1 to 200 characters."`
}

func (a *api) takeBucket(ctx context.Context, in *bucketIn) (web.Empty, error) {
	return web.Empty{}, a.control.TakeBucket(ctx, in.Project.id, in.Bucket)
}

func (a *api) giveBackBucket(ctx context.Context, in *bucketIn) (web.Empty, error) {
	return web.Empty{}, a.control.GiveBackBucket(ctx, in.Project.id, in.Bucket)
}
