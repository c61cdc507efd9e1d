"""Every address: this app's pages, those of the apps above it, accounts, and the API.

Pages of a project live under /projects/<slug>/. Each area keeps its own list of
addresses; this file only includes them: lists of this app in `project_urls`, as
`*urls_rubrics.urlpatterns`, those of the other apps in `urlpatterns`, as
`path("projects/<slug:slug>/", include("annotations.urls"))`. Every new name needs a
line in tests/url_table.py, which says who may open it.
"""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from annotations.api import add_handlers
from annotations.api import router as sessions_router
from annotations.api_steps import router as steps_router
from annotations.api_work import router as work_router
from rubricstudio import urls_data, urls_library, urls_rubrics, views
from rubricstudio.api import api
from rubricstudio.views.comments import mentions, mentions_count
from scoring.api import router as export_router

add_handlers(api)
for router in (export_router, work_router, sessions_router, steps_router):
    api.add_router("", router)

project_urls: list[URLPattern | URLResolver] = [
    path("", views.project, name="project"),
    path("settings/", views.project_edit, name="project-edit"),
    path("members/", views.members, name="members"),
    path("members/invite/", views.invite, name="invite"),
    path("members/leave/", views.leave, name="leave"),
    path("members/<int:membership_id>/role/", views.member_role, name="member-role"),
    path("members/<int:membership_id>/remove/", views.member_remove, name="member-remove"),
    path(
        "invitations/<int:invitation_id>/revoke/",
        views.invitation_revoke,
        name="invitation-revoke",
    ),
    *urls_data.urlpatterns,
    *urls_library.project_urlpatterns,
    *urls_rubrics.urlpatterns,
]

studio_urls: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("projects/", views.project_new, name="project-new"),
    path("projects/<slug:slug>/", include(project_urls)),
    path("invitations/<str:token>/", views.invitation, name="invitation"),
    path("account/", views.account, name="account"),
    path("mentions/", mentions, name="mentions"),
    path("mentions/count/", mentions_count, name="mentions-count"),
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke/", views.token_revoke, name="token-revoke"),
    *urls_library.urlpatterns,
    path("worker-status/", views.worker_status, name="worker-status"),
    path("styleguide/", views.styleguide, name="styleguide"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((studio_urls, "rubricstudio"))),
    # Before allauth's own, which fails where the provider is away.
    path("accounts/oidc/<str:provider_id>/login/", views.single_sign_on, name="single-sign-on"),
    path("account/", include("annotations.urls_account")),
    path("projects/<slug:slug>/", include("annotations.urls")),
    path("projects/<slug:slug>/", include("scoring.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", api.urls),
]

handler400 = "rubricstudio.views.errors.bad_request"
handler403 = "rubricstudio.views.errors.permission_denied"
handler404 = "rubricstudio.views.errors.page_not_found"
handler500 = "rubricstudio.views.errors.server_error"
