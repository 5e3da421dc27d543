"""What is written on the panels of a call whose bins lie along the axes of the map."""

import pytest

from roikit.conformance import operators
from roikit.conformance.explaining.picture import figures
from roikit.conformance.explaining.request import Request, beside, explained, read_call, settled
from roikit.conformance.explanation import Account

ON_AXES = [
    operator.name
    for operator in operators.everyone()
    if operator.explanation and not issubclass(operator.explanation, Account)
]


def panels(name, roi):
    request = settled(Request(roi=roi, operator=name))
    call = read_call(request)
    exact = explained(call, request.dialect, name)
    return exact, {title: figure.axes[0] for title, figure in figures(exact, beside(call)[0], (0, 0)).items()}


@pytest.mark.parametrize("name", ON_AXES)
def test_the_overview_is_named_after_the_operator(name):
    exact, drawn = panels(name, "0.8,0,2.4,4.5")
    assert drawn["overview"].get_title(loc="left") == f"{operators.get(name).title}, {exact.dialect}"


@pytest.mark.parametrize("name", ON_AXES)
def test_a_bin_without_samples_names_the_operators_own_rule(name):
    exact, drawn = panels(name, "-90,-90,-80,-80")
    texts = [text.get_text() for text in drawn["bin"].texts]
    assert f"all its samples are outside ({exact.steps['boundary']})" in texts
