"""Airflow's REST interface in the standing system, for one of its users."""

from __future__ import annotations

from http import HTTPStatus
from types import TracebackType
from typing import Any

import httpx

from include.local.options import LocalError

#: A page of many runs takes seconds on a busy machine.
_ANSWER_SECONDS = 60


class AirflowApi:
    """A signed-in user of Airflow's REST interface; a context manager.

    :param address: of Airflow's page, such as `http://127.0.0.1:8080`.
    :raises LocalError: Airflow does not answer, or refuses the user.
    """

    def __init__(self, address: str, user: str, password: str) -> None:
        self._client = httpx.Client(base_url=address, trust_env=False, timeout=_ANSWER_SECONDS)
        answer = self._request("POST", "/auth/token", {"username": user, "password": password})
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise LocalError(
                f"Airflow at {address} refuses the user {user}: make down, then make up, lets it read the"
                " passwords anew"
            )
        self._client.headers["authorization"] = f"Bearer {self._json(answer)['access_token']}"

    def __enter__(self) -> AirflowApi:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._client.close()

    def get(self, path: str, **parameters: Any) -> dict[str, Any] | None:
        """What is at a path such as `/dags/immport_release`; None where Airflow knows nothing of it (404).

        :raises LocalError: any other answer than what is there.
        """
        answer = self._request("GET", f"/api/v2{path}", parameters=parameters)
        return None if answer.status_code == HTTPStatus.NOT_FOUND else self._json(answer)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a body to a path; the answer.

        :raises LocalError: Airflow refuses it, or does not answer.
        """
        return self._json(self._request("POST", f"/api/v2{path}", body))

    def _request(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        parameters: dict[str, Any] | None = None,
    ) -> httpx.Response:
        try:
            return self._client.request(method, path, json=body, params=parameters)
        except httpx.HTTPError as error:
            where = f"{method} {self._client.base_url.join(path)}"
            raise LocalError(f"Airflow does not answer {where}: {error or type(error).__name__}") from error

    @staticmethod
    def _json(answer: httpx.Response) -> dict[str, Any]:
        if answer.is_success:
            return dict(answer.json())
        where = f"{answer.request.method} {answer.request.url}"
        # Of a body that was sent, nothing is repeated: it may be a password.
        raise LocalError(f"Airflow answers {answer.status_code} to {where}: {_detail(answer)}")


def _detail(answer: httpx.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
    return detail if isinstance(detail, str) else answer.reason_phrase
